using System.CommandLine;
using System.Text.Json;
using RunPod.Worker;
using RunPod.Worker.Emulator;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice worker</c>: serves a RunPod queue, or runs one job here.</summary>
internal static class WorkerCommand
{
    public static Command Create()
    {
        var testInput = new Option<string?>("--test_input", "--test-input")
        {
            Description = "Run this job, as JSON ({\"input\": {…}}), print the answer and exit with 0 or 1.",
            HelpName = "json",
        };
        var audioFile = new Option<string?>("--audio-file")
        {
            Description = "With a job run here: write its audio to this file and print the answer without the base64.",
            HelpName = "file",
        };
        var engine = SpeakCommand.EngineOption();
        var model = SpeakCommand.ModelOption();
        var device = DeviceOption.CreateForEndpoint();
        var precision = PrecisionOption.Create();
        var command = new Command(
            "worker",
            "Takes jobs from RunPod, where RUNPOD_WEBHOOK_GET_JOB is set; otherwise runs the job in test_input.json, in the "
                + "work directory or beside the program."
        )
        {
            testInput,
            audioFile,
            engine,
            model,
            device,
            precision,
        };
        foreach (var flag in PlatformFlags.Options)
        {
            command.Options.Add(flag);
        }

        // RunPod may send flags that this version does not know; PlatformFlags refuses everything else.
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetGuardedAction(
            async (result, cancellationToken) =>
            {
                var configuration = Configuration.Load(
                    ("VIBEVOICE_ENGINE", result.GetValue(engine)),
                    ("MODEL_PATH", result.GetValue(model)),
                    (DeviceOption.Setting, result.GetValue(device)),
                    (PrecisionOption.Setting, result.GetValue(precision))
                );
                var platform = Logging.Platform(configuration).WithFlags(PlatformFlags.Read(result));
                var json = result.GetValue(testInput);
                return json is null && (platform.HasQueue || platform.Flags.ServesApi)
                    ? await ServeAsync(configuration, platform, cancellationToken)
                    : await RunOneAsync(configuration, platform, json, result.GetValue(audioFile), cancellationToken);
            }
        );
        return command;
    }

    private static async Task<int> ServeAsync(
        IConfiguration configuration,
        RunPodWorkerOptions platform,
        CancellationToken stopping
    )
    {
        using var logs = Logging.ForQueue(platform);
        await using var services = SpeechServices.Build(configuration, logs);
        var options = WithLimits(platform, services.GetRequiredService<QueueOptions>());
        if (!platform.Flags.ServesApi && options.FindProblems() is { Count: > 0 } problems)
        {
            throw new SettingsException(problems);
        }

        await WorkerStart.LoadAsync(services, stopping);
        var handler = services.GetRequiredService<SpeakHandler>();
        options = options with { LoggerFactory = logs };
        return options.Flags.ServesApi
            ? await RunPodLocalApi.RunAsync(handler.HandleAsync, options, stopping)
            : await RunPodWorker.RunAsync(handler.HandleAsync, options, stopping);
    }

    private static async Task<int> RunOneAsync(
        IConfiguration configuration,
        RunPodWorkerOptions platform,
        string? json,
        string? audioFile,
        CancellationToken cancellationToken
    )
    {
        var job = TestJob.Parse(json);
        using var logs = Logging.ToStandardError(platform);
        await using var services = SpeechServices.Build(configuration, logs);
        await WorkerStart.LoadAsync(services, cancellationToken);
        var handler = services.GetRequiredService<SpeakHandler>();
        var options = WithLimits(platform, services.GetRequiredService<QueueOptions>()) with { LoggerFactory = logs };
        var result = await LocalJob.RunAsync(job, handler.HandleAsync, options, cancellationToken);
        if (audioFile is not null && result.Succeeded)
        {
            await TestJob.SaveAudioAsync(result.Answer, audioFile, cancellationToken);
        }

        var style = new JsonSerializerOptions(JobJson.Compact.Options) { WriteIndented = !Console.IsOutputRedirected };
        await Console.Out.WriteLineAsync(result.Answer.ToJsonString(style));
        return result.Succeeded ? ExitCode.Done : ExitCode.Failed;
    }

    private static RunPodWorkerOptions WithLimits(RunPodWorkerOptions platform, QueueOptions queue) =>
        platform with
        {
            Concurrency = queue.Concurrency,
            JobTimeout = TimeSpan.FromSeconds(queue.JobTimeoutSeconds),
            // What is not told to callers on purpose is a bug, and none of their business.
            ErrorDetails = JobErrorDetails.Hidden,
        };
}
