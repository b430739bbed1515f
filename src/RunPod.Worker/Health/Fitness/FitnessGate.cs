using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Protocol;

namespace RunPod.Worker.Health.Fitness;

/// <summary>Runs all fitness checks side by side, and tells RunPod of the first that fails.</summary>
internal sealed partial class FitnessGate(RunPodWorkerOptions options, RunPodUrls urls, ILogger logger)
{
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(2);

    /// <summary>Whether jobs may be taken. What takes longer than that is over after the first failure.</summary>
    public async Task<bool> IsFitAsync(CancellationToken stopping)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        FitnessCheck[] checks = [.. options.Fitness.Checks, .. SystemChecks.For(options, urls, logger)];
        await foreach (
            var ended in Task.WhenEach(checks.Select(check => RunAsync(check, enough.Token))).ConfigureAwait(false)
        )
        {
            var (check, failure) = await ended.ConfigureAwait(false);
            if (failure is null || stopping.IsCancellationRequested)
            {
                continue;
            }

            await enough.CancelAsync().ConfigureAwait(false);
            Log.Unfit(logger, failure, check.Name, failure.Message);
            await Task.Run(() => Report(check, failure), CancellationToken.None).ConfigureAwait(false);
            return false;
        }

        return true;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a check throws says that it failed.")]
    private async Task<(FitnessCheck Check, Exception? Failure)> RunAsync(FitnessCheck check, CancellationToken enough)
    {
        using var limit = new CancellationTokenSource(check.Limit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, enough);
        try
        {
            // Waited for with the token: a check that ignores it must not hold up the start for ever.
            await Task.Run(() => check.RunAsync(either.Token), either.Token)
                .WaitAsync(either.Token)
                .ConfigureAwait(false);
            return (check, null);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            return (check, new TimeoutException($"It took longer than {check.Limit.TotalSeconds} s.", e));
        }
        catch (Exception e)
        {
            return (check, e);
        }
    }

    /// <summary>One try: RunPod also notices a worker that ends.</summary>
    private void Report(FitnessCheck check, Exception failure)
    {
        if (options.PingUrl is null || options.ApiKey is null)
        {
            return;
        }

        try
        {
            var uri = urls.Unhealthy(
                check.Name,
                $"{failure.GetType().Name}: {failure.Message}",
                ClientIdentity.Version
            );
            PingConnection.Get(uri, options.ApiKey, ClientIdentity.UserAgent(options.Integration), ReportLimit);
        }
        catch (Exception e) when (PingConnection.IsTrouble(e))
        {
            Log.ReportFailed(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Critical, "The fitness check '{Check}' failed: {Reason} The worker ends.")]
        public static partial void Unfit(ILogger logger, Exception exception, string check, string reason);

        [LoggerMessage(2, LogLevel.Warning, "RunPod could not be told that this worker is unhealthy: {Problem}")]
        public static partial void ReportFailed(ILogger logger, string problem);
    }
}
