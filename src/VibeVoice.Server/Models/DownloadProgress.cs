using System.Globalization;
using VibeVoice.Server.Hosting;

namespace VibeVoice.Server.Models;

/// <summary>
/// Tells how far a download is, how fast, and how long it will take: one line rewritten in place on a terminal, elsewhere a
/// line of the log every ten seconds.
/// </summary>
internal sealed partial class DownloadProgress : IAsyncDisposable
{
    private const double Megabyte = 1e6;

    private static readonly TimeSpan TerminalInterval = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    /// <summary>The rate is that of the last seconds: the mean since the start would hide that it stands still.</summary>
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(10);

    private readonly string _what;
    private readonly long _total;
    private readonly TextWriter? _terminal;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly Queue<(long Timestamp, long Bytes)> _samples = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _telling;
    private long _found;
    private long _arrived;

    /// <param name="what">"microsoft/VibeVoice-Realtime-0.5B".</param>
    /// <param name="total">Bytes in all, those included that are there already.</param>
    /// <param name="terminal">Where lines can be rewritten; null where output goes elsewhere.</param>
    /// <param name="logger">For the lines where there is no terminal.</param>
    /// <param name="timeProvider">Its pace.</param>
    public DownloadProgress(string what, long total, TextWriter? terminal, ILogger logger, TimeProvider timeProvider)
    {
        _what = what;
        _total = total;
        _terminal = terminal;
        _logger = logger;
        _timeProvider = timeProvider;
        _telling = TellAsync();
    }

    private long Bytes => Interlocked.Read(ref _found) + Interlocked.Read(ref _arrived);

    /// <summary>Adds bytes that arrived; thread-safe.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _arrived, bytes);

    /// <summary>Adds bytes that were there already; thread-safe.</summary>
    public void Find(long bytes) => Interlocked.Add(ref _found, bytes);

    /// <summary>Takes back bytes that turned out to be worth nothing; thread-safe.</summary>
    public void Lose(long bytes) => Interlocked.Add(ref _found, -bytes);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _terminal?.Write(ProgressTerminal.ClearLine);
    }

    /// <summary>"412 of 2,036 MB (20 %), 85.3 MB/s, 19 s left".</summary>
    /// <param name="bytes">So far.</param>
    /// <param name="total">In all.</param>
    /// <param name="bytesPerSecond">0 where nothing moves, or nothing is known yet.</param>
    public static string Describe(long bytes, long total, double bytesPerSecond)
    {
        var share = total == 0 ? 100 : 100 * bytes / total;
        var rest =
            bytesPerSecond > 0
                ? $"{Describe(TimeSpan.FromSeconds((total - bytes) / bytesPerSecond))} left"
                : "time left unknown";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{bytes / Megabyte:N0} of {total / Megabyte:N0} MB ({share} %), {bytesPerSecond / Megabyte:F1} MB/s, {rest}"
        );
    }

    /// <summary>"1 h 20 min", "3 min 7 s", "12 s".</summary>
    public static string Describe(TimeSpan time) =>
        time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s");

    private async Task TellAsync()
    {
        using var timer = new PeriodicTimer(_terminal is null ? LogInterval : TerminalInterval, _timeProvider);
        _samples.Enqueue((_timeProvider.GetTimestamp(), 0));
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            var line = Describe(Bytes, _total, MeasureRate());
            if (_terminal is null)
            {
                Log.Downloading(_logger, _what, line);
            }
            else
            {
                await _terminal.WriteAsync($"{ProgressTerminal.ClearLine}Downloading {_what}: {line}");
            }
        }
    }

    private double MeasureRate()
    {
        var now = (Timestamp: _timeProvider.GetTimestamp(), Bytes: Interlocked.Read(ref _arrived));
        _samples.Enqueue(now);
        while (
            _samples.Count > 2 && _timeProvider.GetElapsedTime(_samples.Peek().Timestamp, now.Timestamp) > RateWindow
        )
        {
            _samples.Dequeue();
        }

        var (since, bytes) = _samples.Peek();
        var seconds = _timeProvider.GetElapsedTime(since, now.Timestamp).TotalSeconds;
        return seconds > 0 ? Math.Max(0, (now.Bytes - bytes) / seconds) : 0;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Downloading {What}: {Line}.")]
        public static partial void Downloading(ILogger logger, string what, string line);
    }
}
