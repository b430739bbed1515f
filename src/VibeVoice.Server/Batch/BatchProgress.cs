using VibeVoice.Server.Hosting;
using VibeVoice.Server.Models;
using static System.FormattableString;

namespace VibeVoice.Server.Batch;

/// <summary>
/// Tells how far a batch is: one line rewritten in place on a terminal, elsewhere a line of the log every ten seconds.
/// </summary>
internal sealed partial class BatchProgress : IAsyncDisposable
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly BatchPlan _plan;
    private readonly WorkFolder _folder;
    private readonly TextWriter? _terminal;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly long _begun;
    private readonly long _charactersBefore;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _telling;

    public BatchProgress(
        BatchPlan plan,
        WorkFolder folder,
        ProgressTerminal terminal,
        ILogger<BatchProgress> logger,
        TimeProvider timeProvider
    )
    {
        _plan = plan;
        _folder = folder;
        _terminal = terminal.Writer;
        _logger = logger;
        _timeProvider = timeProvider;
        _begun = timeProvider.GetTimestamp();
        _charactersBefore = DoneCharacters();
        _telling = TellAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _terminal?.Write(ProgressTerminal.ClearLine);
    }

    /// <summary>"12 of 40 parts done, 4 with the endpoint, 1 failed; 31.2 min of audio, 6 min 3 s left".</summary>
    public override string ToString()
    {
        var records = _plan.Jobs.Select(_folder.Get).ToList();
        var minutes = records.Sum(record => record.Audio?.Samples ?? 0) / (60.0 * PartFetcher.SampleRateHz);
        return Invariant(
            $"{Count(PartState.Done)} of {records.Count} parts done, {Count(PartState.Submitted)} with the endpoint, {Count(PartState.Failed)} failed; {minutes:F1} min of audio, {TimeLeft()} left"
        );

        int Count(PartState state) => records.Count(record => record.State == state);
    }

    private string TimeLeft()
    {
        var done = DoneCharacters();
        var spoken = done - _charactersBefore;
        var left = _plan.Jobs.Sum(part => (long)part.Characters) - done;
        return left == 0 || spoken > 0
            ? DownloadProgress.Describe(_timeProvider.GetElapsedTime(_begun) * (left / Math.Max(1.0, spoken)))
            : "unknown time";
    }

    private long DoneCharacters() =>
        _plan.Jobs.Where(part => _folder.Get(part).State == PartState.Done).Sum(part => (long)part.Characters);

    private async Task TellAsync()
    {
        using var timer = new PeriodicTimer(_terminal is null ? LogInterval : TerminalInterval, _timeProvider);
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            if (_terminal is null)
            {
                Log.Batch(_logger, ToString());
            }
            else
            {
                // Back at its beginning, so that a line of the log is written over it.
                await _terminal.WriteAsync($"{ProgressTerminal.ClearLine}{this}\r");
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Line}.")]
        public static partial void Batch(ILogger logger, string line);
    }
}
