namespace RunPod.Worker.Protocol;

/// <summary>
/// The platform's URLs, made from its templates. <c>$ID</c> is the worker in the take and ping templates and the job in
/// the two that take posts. Templates are otherwise opaque: a query may be there or not, and is kept as it is.
/// </summary>
internal sealed class RunPodUrls(RunPodWorkerOptions options, string workerId)
{
    private const string TakeSegment = "/job-take/";

    private readonly string _take = ForWorker(options.TakeUrl ?? "", options, workerId);
    private readonly string? _ping = options.PingUrl is { } ping ? ForWorker(ping, options, workerId) : null;

    /// <summary>Whether pieces of a stream have somewhere to go.</summary>
    public bool HasStream => options.StreamUrl is not null;

    /// <summary>Where jobs come from; only its host and port count.</summary>
    public Uri TakeHost => new(_take);

    /// <summary>The URL that hands out up to <paramref name="wanted"/> jobs.</summary>
    /// <param name="wanted">Free slots, 1 or more.</param>
    /// <param name="isJobInProgress">Whether a job was taken that is not answered yet.</param>
    public Uri Take(int wanted, bool isJobInProgress)
    {
        var inProgress = $"job_in_progress={(isJobInProgress ? 1 : 0)}";
        return wanted > 1 && _take.Contains(TakeSegment, StringComparison.Ordinal)
            ? new Uri(
                WithQuery(
                    _take.Replace(TakeSegment, "/job-take-batch/", StringComparison.Ordinal),
                    $"batch_size={wanted}&{inProgress}"
                )
            )
            : new Uri(WithQuery(_take, inProgress));
    }

    /// <summary>The URL that tells of stopped jobs; null when the take template has a shape without one.</summary>
    public Uri? Stop() =>
        _take.Contains(TakeSegment, StringComparison.Ordinal)
            ? new Uri(_take.Replace(TakeSegment, "/job-stop/", StringComparison.Ordinal))
            : null;

    /// <summary>The URL for a job's result or progress.</summary>
    public Uri Result(string jobId, bool isStream) => ForJob(options.ResultUrl!, jobId, isStream);

    /// <summary>The URL for a piece of a job's stream. Pieces say <c>isStream=false</c>: only the end is true.</summary>
    public Uri Stream(string jobId) => ForJob(options.StreamUrl!, jobId, isStream: false);

    /// <summary>The URL of the heartbeat with the ids of all jobs that are not answered yet.</summary>
    public Uri Ping(IEnumerable<string> jobIds, string version)
    {
        var ids = Uri.EscapeDataString(CutAtComma(string.Join(',', jobIds)));
        var parameters = ids.Length == 0 ? $"runpod_version={version}" : $"job_id={ids}&runpod_version={version}";
        return new Uri(WithQuery(_ping!, parameters));
    }

    /// <summary>The URL that tells once that this worker cannot work.</summary>
    /// <param name="check">What was checked.</param>
    /// <param name="reason">What was found; cut at 256 characters.</param>
    /// <param name="version">Of this library.</param>
    public Uri Unhealthy(string check, string reason, string version)
    {
        var cut = Uri.EscapeDataString(reason.Length <= 256 ? reason : reason[..256]);
        return new Uri(
            WithQuery(
                _ping!,
                $"status=unhealthy&check={Uri.EscapeDataString(check)}&reason={cut}&runpod_version={version}"
            )
        );
    }

    /// <summary>The platform's own client never sends a longer list of ids.</summary>
    private static string CutAtComma(string ids)
    {
        const int longest = 65_535;
        return ids.Length <= longest ? ids : ids[..ids.LastIndexOf(',', longest)];
    }

    private Uri ForJob(string template, string jobId, bool isStream)
    {
        // The worker's id goes first: '$ID' is not a part of '$RUNPOD_POD_ID', and escaped ids hold no '$'.
        var url = ForPlatform(template, options, workerId)
            .Replace("$ID", Uri.EscapeDataString(jobId), StringComparison.Ordinal);
        return new Uri(WithQuery(url, isStream ? "isStream=true" : "isStream=false"));
    }

    private static string ForWorker(string template, RunPodWorkerOptions options, string workerId) =>
        ForPlatform(template, options, workerId)
            .Replace("$ID", Uri.EscapeDataString(workerId), StringComparison.Ordinal);

    private static string ForPlatform(string template, RunPodWorkerOptions options, string workerId)
    {
        var url = template.Replace("$RUNPOD_POD_ID", Uri.EscapeDataString(workerId), StringComparison.Ordinal);
        return options.GpuTypeId is { } gpu
            ? url.Replace("$RUNPOD_GPU_TYPE_ID", Uri.EscapeDataString(gpu), StringComparison.Ordinal)
            : url;
    }

    private static string WithQuery(string url, string parameters)
    {
        var glue =
            !url.Contains('?', StringComparison.Ordinal) ? "?"
            : url[^1] is '?' or '&' ? ""
            : "&";
        return url + glue + parameters;
    }
}
