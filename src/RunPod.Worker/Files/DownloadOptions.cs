namespace RunPod.Worker;

/// <summary>What may be downloaded for a job, and from where. Immutable.</summary>
public sealed record DownloadOptions
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Largest file in bytes (<c>RUNPOD_MAX_DOWNLOAD_BYTES</c>). Default: 5 GiB.</summary>
    public long MaximumBytes { get; init; } = 5L * 1024 * 1024 * 1024;

    /// <summary>Longest time for one try, from the first connection to the last byte. Default: 10 minutes.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest time without a single byte. Default: 30 s.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries, where the failure may pass. Default: 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>
    /// Whether addresses of private networks, this machine's own among them, may be asked
    /// (<c>RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS</c>: 1, true or yes). Default: false, since clients choose the URLs.
    /// </summary>
    public bool AllowsPrivateAddresses { get; init; }

    /// <summary>What cannot work, a sentence each.</summary>
    internal IReadOnlyList<string> FindProblems()
    {
        return [.. All()];

        IEnumerable<string> All()
        {
            if (MaximumBytes < 1)
            {
                yield return $"The MaximumBytes of a download is {MaximumBytes}, but must be 1 or more.";
            }

            if (Attempts < 1)
            {
                yield return $"The Attempts of a download are {Attempts}, but must be 1 or more.";
            }

            if (Limit <= TimeSpan.Zero || Limit > Longest || IdleLimit <= TimeSpan.Zero || IdleLimit > Longest)
            {
                yield return $"The limits of a download are {Limit} and {IdleLimit}, but must be positive and at most a day.";
            }
        }
    }
}
