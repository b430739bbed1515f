namespace RunPod.Worker.Jobs;

/// <summary>The logging scope around everything that is done for a job.</summary>
internal static class JobScope
{
    public static IReadOnlyList<KeyValuePair<string, object?>> For(string jobId) =>
        [new(RunPodLoggerProvider.RequestIdKey, jobId)];
}
