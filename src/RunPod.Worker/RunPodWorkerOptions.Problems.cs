namespace RunPod.Worker;

/// <content>What is wrong with options.</content>
public sealed partial record RunPodWorkerOptions
{
    /// <summary>
    /// What keeps a queue worker from working with these options, a sentence each; empty when all is well. Ask before
    /// loading what takes long.
    /// </summary>
    public IReadOnlyList<string> FindProblems()
    {
        var problems = new List<string>();
        CheckUrl("RUNPOD_WEBHOOK_GET_JOB", TakeUrl, isRequired: true);
        CheckUrl("RUNPOD_WEBHOOK_POST_OUTPUT", ResultUrl, isRequired: true);
        CheckUrl("RUNPOD_WEBHOOK_POST_STREAM", StreamUrl, isRequired: false);
        CheckUrl("RUNPOD_WEBHOOK_PING", PingUrl, isRequired: false);
        Check(Concurrency >= 1, $"Concurrency is {Concurrency}, but must be 1 or more.");
        Check(
            JobTimeout is null || (JobTimeout > TimeSpan.Zero && JobTimeout <= LongestTimer),
            $"JobTimeout is {JobTimeout}, but must be positive and at most {LongestTimer.TotalDays} days."
        );
        Check(PingInterval > TimeSpan.Zero, $"PingInterval is {PingInterval}, but must be positive.");
        Check(
            DrainTimeout >= TimeSpan.Zero && DrainTimeout <= LongestTimer,
            $"DrainTimeout is {DrainTimeout}, but must be between zero and {LongestTimer.TotalDays} days."
        );
        Check(
            CancellationGrace >= TimeSpan.Zero && CancellationGrace <= LongestTimer,
            $"CancellationGrace is {CancellationGrace}, but must be between zero and {LongestTimer.TotalDays} days."
        );
        Check(
            StuckHandlerGrace >= TimeSpan.Zero && StuckHandlerGrace <= LongestTimer,
            $"StuckHandlerGrace is {StuckHandlerGrace}, but must be between zero and {LongestTimer.TotalDays} days."
        );
        Check(PostRetryBudget >= TimeSpan.Zero, $"PostRetryBudget is {PostRetryBudget}, but must not be negative.");
        Check(
            ProgressInterval >= TimeSpan.Zero && ProgressInterval <= LongestTimer,
            $"ProgressInterval is {ProgressInterval}, but must be between zero and {LongestTimer.TotalDays} days."
        );
        Check(
            ApiKey is null || ApiKey.All(c => c is >= ' ' and <= '~'),
            "RUNPOD_AI_API_KEY holds characters that no HTTP header can carry; printable ASCII is expected."
        );
        foreach (var check in Fitness.Checks)
        {
            Check(
                check.Limit > TimeSpan.Zero && check.Limit <= LongestTimer,
                $"The limit of the fitness check '{check.Name}' is {check.Limit}, but must be positive."
            );
        }

        problems.AddRange(Downloads.FindProblems());
        problems.AddRange(Flags.Problems);
        return problems;

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }

        void CheckUrl(string name, string? url, bool isRequired)
        {
            if (string.IsNullOrWhiteSpace(url))
            {
                Check(!isRequired, $"{name} is not set; RunPod sets it in every queue worker.");
                return;
            }

            Check(
                Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https",
                $"{name} is '{url}', but must be an absolute http or https URL."
            );
        }
    }
}
