using System.Diagnostics;
using System.Runtime.InteropServices;
using Testing.Programs;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>
/// The published program, or another, as a user of the shell runs it, with the preview voice. Disposing ends it and every
/// process that it left.
/// </summary>
internal sealed class CommandRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly RunningProgram _program;

    private CommandRun(string program, IEnumerable<string> arguments, RunOptions options) =>
        _program = RunningProgram.Start(
            program,
            arguments,
            options.Variables.Prepend(KeyValuePair.Create("VIBEVOICE_ENGINE", (string?)"preview")),
            options.Folder,
            options.Input
        );

    public int Id => _program.Id;

    /// <summary>The published program: what people deploy, not what the compiler left.</summary>
    public static string Program => PublishedProgram.Find();

    /// <summary>What it has written to standard error so far.</summary>
    public string ErrorsSoFar => _program.Errors;

    /// <summary>Names of the processes that it started and that still run, also after its own end.</summary>
    public IReadOnlyList<string> Children => [.. _program.Children.Select(child => child.Name)];

    public bool HasChild(string name) => Children.Contains(name);

    /// <summary>Runs <c>vibevoice</c> to its end.</summary>
    public static Task<CommandResult> VibeVoiceAsync(RunOptions options, params string[] arguments) =>
        RunAsync(Program, arguments, options);

    public static async Task<CommandResult> RunAsync(string program, string[] arguments, RunOptions options)
    {
        await using var run = Start(program, arguments, options);
        return await run.ExitAsync();
    }

    public static CommandRun Start(string program, string[] arguments, RunOptions options) =>
        new(program, arguments, options);

    public void Signal(PosixSignal signal) => _program.Signal(signal);

    /// <summary>Ends it and all that it started at once, as a machine that loses its power does.</summary>
    public Task KillAllAsync() => _program.KillAllAsync();

    public async Task<CommandResult> ExitAsync() =>
        new(await _program.ExitAsync(Patience), _program.OutputBytes, _program.Errors);

    /// <summary>Its exit code, also while another process still holds its pipes open.</summary>
    public Task<int> ExitCodeAsync() => _program.ExitCodeAsync(Patience);

    /// <summary>Waits for something that the running program does.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(5))
        {
            if (waited.Elapsed > Patience || _program.HasExited)
            {
                Assert.Fail($"Waited for {what}, in vain. It said: {ErrorsSoFar}");
            }
        }
    }

    public ValueTask DisposeAsync() => _program.DisposeAsync();
}

/// <summary>How a program is run.</summary>
/// <param name="Folder">Its work directory.</param>
internal sealed record RunOptions(string Folder)
{
    /// <summary>Standard input; null is none.</summary>
    public ProgramInput? Input { get; init; }

    public Dictionary<string, string?> Variables { get; init; } = new(StringComparer.Ordinal);

    public RunOptions With(string name, string? value) =>
        this with
        {
            Variables = new(Variables, StringComparer.Ordinal) { [name] = value },
        };
}

/// <summary>What a program left behind.</summary>
internal sealed record CommandResult(int ExitCode, byte[] Output, string Errors)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Output);
}
