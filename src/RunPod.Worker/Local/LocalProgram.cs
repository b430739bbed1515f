using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Local;

/// <summary>What a worker does where there is no queue: one job, from the flag or from a file, its result printed.</summary>
internal static partial class LocalProgram
{
    private const string FileName = "test_input.json";

    private static readonly JsonSerializerOptions Readable = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 1000,
    };

    /// <returns>0, or 1 when the job failed or there was none.</returns>
    public static async Task<int> RunAsync(
        JobHandler handler,
        RunPodWorkerOptions options,
        ILogger logger,
        CancellationToken stopping
    )
    {
        var source = options.Flags.TestInput is null ? Path.GetFullPath(FileName) : "--test_input";
        if (options.Flags.TestInput is null && !File.Exists(source))
        {
            Log.NothingToDo(logger, source);
            return 1;
        }

        try
        {
            var json = options.Flags.TestInput ?? await File.ReadAllTextAsync(source, stopping).ConfigureAwait(false);
            var result = await LocalJob
                .RunAsync(JsonElement.Parse(json), handler, options, stopping)
                .ConfigureAwait(false);
            await Console.Out.WriteLineAsync(result.Answer.ToJsonString(Readable)).ConfigureAwait(false);
            return result.Succeeded ? 0 : 1;
        }
        catch (JsonException e)
        {
            Log.NotJson(logger, source, e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Log.Stopped(logger);
            return 1;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Error,
            "There is no queue to serve and no job to run: RUNPOD_WEBHOOK_GET_JOB is not set, --test_input was not given, and there is no '{File}'."
        )]
        public static partial void NothingToDo(ILogger logger, string file);

        [LoggerMessage(2, LogLevel.Error, "{Source} is not valid JSON: {Problem}")]
        public static partial void NotJson(ILogger logger, string source, string problem);

        [LoggerMessage(3, LogLevel.Error, "The job was stopped.")]
        public static partial void Stopped(ILogger logger);
    }
}
