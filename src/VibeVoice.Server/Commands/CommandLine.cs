using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>The program's commands, and what every one of them shares: parsing, signals, errors, exit codes.</summary>
internal static class CommandLine
{
    private const string Description = """
        Text to speech with Microsoft's VibeVoice, for RunPod Serverless and for the shell.

          vibevoice speak "Hello there." -o hello.mp3 --engine preview
          echo "Hello there." | vibevoice speak - -o - --engine preview | ffplay -nodisp -autoexit -
          vibevoice batch book.md --endpoint ID -o book.m4b
          vibevoice worker --test_input '{"input": {"text": "Hello there."}}'

        Settings come from environment variables (docs/configuration.md lists them); flags win over them.
        Text that begins with a dash goes behind '--':  vibevoice speak -o out.mp3 -- "-5 degrees"
        Exit codes: 0 done, 1 failed, 2 wrong command line, text or setting, 70 a bug, 129, 130 and 143 stopped.
        """;

    /// <summary>All of them, under the program's name.</summary>
    public static Command Create()
    {
        var root = new Command("vibevoice", Description)
        {
            SpeakCommand.Create(),
            BatchCommand.Create(),
            VoicesCommand.Create(),
            BenchCommand.Create(),
            WorkerCommand.Create(),
            RetentionCommand.Create(),
            InstallCommand.Create(),
            DoctorCommand.Create(),
            WorkspaceCommand.Create(),
            DevCommand.Create(),
            ServeCommand.Create(),
        };
        root.Options.Add(new HelpOption { Recursive = true });
        root.Options.Add(new VersionOption());
        return root;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        // Text may begin with '@': it is no file of arguments.
        var result = Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            return await ReportUsageAsync(result);
        }

        return await result.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }
        );
    }

    /// <summary>Makes <paramref name="run"/> the command's action: stopped by signals, its errors told in one line each.</summary>
    public static void SetGuardedAction(this Command command, Func<ParseResult, CancellationToken, Task<int>> run) =>
        command.SetAction((result, _) => GuardAsync(token => run(result, token)));

    private static async Task<int> GuardAsync(Func<CancellationToken, Task<int>> run)
    {
        using var signals = new StopSignals();
        try
        {
            return await run(signals.Token);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return signals.ExitCode;
        }
        catch (SettingsException exception)
        {
            return await ReportAsync(exception.Problems, ExitCode.Usage);
        }
        catch (JobRejectedException exception)
        {
            return await ReportAsync(exception.Problems, ExitCode.Usage);
        }
        catch (Exception exception) when (exception is SpeechFailedException or S3FailedException)
        {
            return await ReportAsync([exception.Message], ExitCode.Failed);
        }
#pragma warning disable CA1031 // The outermost boundary: what gets here is a bug, and is shown whole.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return await ReportAsync([$"This is a bug in vibevoice; please report it.\n{exception}"], ExitCode.Bug);
        }
    }

    private static async Task<int> ReportUsageAsync(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var name = string.Join(' ', result.CommandResult.Parents().Reverse().Append(command.Name));
        var problems = Problems(result).Append($"'{name} --help' shows how it is used.");
        return await ReportAsync([.. problems], ExitCode.Usage);
    }

    private static IEnumerable<string> Problems(ParseResult result)
    {
        var commands = string.Join(
            ", ",
            result.CommandResult.Command.Subcommands.Where(command => !command.Hidden).Select(command => command.Name)
        );
        if (commands.Length == 0)
        {
            return result.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal);
        }

        // Where a command is expected, the parser has two sentences for one fault, and neither names the commands.
        return result.UnmatchedTokens is [var token, ..]
            ? [$"'{Quote.Short(token)}' is not a command; the commands are {commands}."]
            : [$"A command is missing; the commands are {commands}."];
    }

    private static IEnumerable<string> Parents(this SymbolResult result)
    {
        for (var parent = result.Parent as CommandResult; parent is not null; parent = parent.Parent as CommandResult)
        {
            yield return parent.Command.Name;
        }
    }

    private static async Task<int> ReportAsync(IReadOnlyList<string> problems, int exitCode)
    {
        foreach (var problem in problems)
        {
            await Console.Error.WriteLineAsync($"vibevoice: {problem}");
        }

        return exitCode;
    }
}
