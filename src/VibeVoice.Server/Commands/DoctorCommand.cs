using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using VibeVoice.Server.Diagnosis;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice doctor</c>: what is wrong with machine, settings and services, and what to do about it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick")
        {
            Description = "Only what needs no network and takes less than a second.",
        };
        var json = new Option<bool>("--json") { Description = "As one JSON object, for programs." };
        var engine = SpeakCommand.EngineOption();
        var model = SpeakCommand.ModelOption();
        var command = new Command(
            "doctor",
            "Checks tools, memory, disk, GPU, model, hub, bucket, clock and endpoint, and says what to do. Exits with 0 where nothing is "
                + "a problem, else with 1."
        )
        {
            quick,
            json,
            engine,
            model,
        };
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var configuration = Configuration.Load(
                    ("VIBEVOICE_ENGINE", result.GetValue(engine)),
                    ("MODEL_PATH", result.GetValue(model))
                );
                var results = await RunAsync(
                    configuration,
                    result.GetValue(quick) ? CheckScope.Quick : CheckScope.Full,
                    cancellationToken
                );
                await Console.Out.WriteAsync(
                    result.GetValue(json) ? DoctorOutput.Json(results) : DoctorOutput.Lines(results)
                );
                return ExitCodeOf(results);
            }
        );
        return command;
    }

    /// <summary>
    /// The quick part at a worker's start, of which only what is no good is told, to standard error. Where something is
    /// installed already, what the worker is about to see for itself is left to it: starts are paid by the second.
    /// </summary>
    /// <returns>The exit code: that of a failure where the start would fail for certain.</returns>
    public static async Task<int> RunAtStartAsync(
        IConfiguration configuration,
        Workspace workspace,
        CancellationToken cancellationToken
    )
    {
        var scope = File.Exists(workspace.Marker) ? CheckScope.EveryStart : CheckScope.Quick;
        var results = await RunAsync(configuration, scope, cancellationToken);
        await Console.Error.WriteAsync(
            DoctorOutput.Lines([.. results.Where(one => one.Result.State is CheckState.Note or CheckState.Problem)])
        );
        return ExitCodeOf(results);
    }

    private static async Task<IReadOnlyList<NamedResult>> RunAsync(
        IConfiguration configuration,
        CheckScope scope,
        CancellationToken cancellationToken
    )
    {
        var problems = new List<string>();
        await using var services = SpeechServices.Build(configuration, NullLoggerFactory.Instance, true, problems);
        return await new Doctor(services).RunAsync(CheckList.Choose(problems, scope), cancellationToken);
    }

    private static int ExitCodeOf(IEnumerable<NamedResult> results) =>
        results.Any(one => one.IsProblem) ? ExitCode.Failed : ExitCode.Done;
}
