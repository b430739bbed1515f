using System.CommandLine;
using System.Globalization;
using RunPod.Worker.Emulator;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>
/// <c>vibevoice worker --rp_serve_api</c>: RunPod's endpoint API on this machine, and the worker behind it, which takes
/// its jobs over HTTP as it does on RunPod.
/// </summary>
internal sealed class LocalApi
{
    private readonly Option<bool> _serve = new("--rp_serve_api")
    {
        Description = "Serve RunPod's endpoint API here (run, runsync, status, stream …), with this worker behind it.",
    };

    private readonly Option<string> _host = new("--rp_api_host")
    {
        Description = "Where that API listens: localhost, or an IP address (0.0.0.0 lets other machines in).",
        HelpName = "host",
        DefaultValueFactory = _ => "localhost",
    };

    private readonly Option<double?> _port = NumberOption.Create(
        "--rp_api_port",
        new NumberRange(0, 65_535, IsWhole: true),
        "port",
        "Its port; 0 takes a free one. [default: 8000]"
    );

    private readonly Option<double?> _concurrency = NumberOption.Create(
        "--rp_api_concurrency",
        new NumberRange(1, 256, IsWhole: true),
        "jobs",
        "Jobs that run at once behind it. [default: WORKER_CONCURRENCY, else 1]"
    );

    private readonly Option<bool> _printEnvironment = new("--print-env")
    {
        Description = "Print the variables with which one more worker joins that API, for a shell's eval, and exit.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_serve);
        command.Options.Add(_host);
        command.Options.Add(_port);
        command.Options.Add(_concurrency);
        command.Options.Add(_printEnvironment);
    }

    public bool IsWanted(ParseResult result) => result.GetValue(_serve) || result.GetValue(_printEnvironment);

    /// <summary>Serves until the worker has ended.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="flags">Settings that other flags of it name.</param>
    /// <param name="serve">Runs the worker with the settings it is given.</param>
    /// <exception cref="SettingsException">A flag is wrong.</exception>
    /// <exception cref="SpeechFailedException">The port is in use.</exception>
    public async Task<int> RunAsync(
        ParseResult result,
        (string Name, string? Value)[] flags,
        Func<IConfiguration, Task<int>> serve
    )
    {
        var options = new RunPodEmulatorOptions
        {
            Host = result.GetValue(_host)!,
            Port = (int)(result.GetValue(_port) ?? 8000),
        };
        if (options.FindProblems() is { Count: > 0 } problems)
        {
            throw new SettingsException(problems);
        }

        if (result.GetValue(_printEnvironment))
        {
            return await PrintEnvironmentAsync(options);
        }

        using var logs = Logging.ForQueue(Logging.Platform(Configuration.Load(flags)));
        await using var emulator = await StartAsync(options, logs);
        await Console.Out.WriteLineAsync(
            $$$"""
            RunPod's endpoint API is at {{{emulator.EndpointUrl}}} (any endpoint id, any key). Try:
              curl -s {{{emulator.EndpointUrl}}}/runsync -H 'content-type: application/json' -d '{"input": {"text": "Hello there."}}'
            One more worker: eval "$(vibevoice worker --print-env --rp_api_port {{{emulator.BaseUrl.Port}}})"; vibevoice worker
            """
        );
        var concurrency = (
            "WORKER_CONCURRENCY",
            result.GetValue(_concurrency)?.ToString("0", CultureInfo.InvariantCulture)
        );
        var environment = emulator.WorkerEnvironment().Select(variable => (variable.Key, variable.Value));
        return await serve(Configuration.Load([.. flags, concurrency, .. environment]));
    }

    private static async Task<RunPodEmulator> StartAsync(RunPodEmulatorOptions options, ILoggerFactory logs)
    {
        try
        {
            return await RunPodEmulator.StartAsync(options, logs);
        }
        catch (IOException exception)
        {
            throw new SpeechFailedException(
                $"{exception.Message} Another port can be named with --rp_api_port.",
                exception
            );
        }
    }

    private static async Task<int> PrintEnvironmentAsync(RunPodEmulatorOptions options)
    {
        if (options.Port == 0)
        {
            throw new SettingsException("--print-env needs the port of an API that runs; name it with --rp_api_port.");
        }

        foreach (var (name, value) in options.WorkerEnvironment())
        {
            // In quotes: the URLs hold names with a dollar that are the worker's to replace, not the shell's.
            await Console.Out.WriteLineAsync($"export {name}='{value}'");
        }

        return ExitCode.Done;
    }
}
