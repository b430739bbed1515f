using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using VibeVoice.Server.Models;

namespace VibeVoice.Server.Tests.Models;

/// <summary>How far, how fast, and how long still.</summary>
public sealed class DownloadProgressTests
{
    private const long Total = 2_000_000_000;

    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IReadOnlyList<string> Lines => [.. _logger.Collector.GetSnapshot().Select(record => record.Message)];

    [Theory]
    [InlineData(412_000_000, 85_340_000, "412 of 2,000 MB (20 %), 85.3 MB/s, 19 s left")]
    [InlineData(0, 10_000_000, "0 of 2,000 MB (0 %), 10.0 MB/s, 3 min 20 s left")]
    [InlineData(200_000_000, 400_000, "200 of 2,000 MB (10 %), 0.4 MB/s, 1 h 15 min left")]
    [InlineData(0, 10_000, "0 of 2,000 MB (0 %), 0.0 MB/s, 55 h 33 min left")]
    [InlineData(1_000_000_000, 0, "1,000 of 2,000 MB (50 %), 0.0 MB/s, time left unknown")]
    [InlineData(Total, 1_000_000, "2,000 of 2,000 MB (100 %), 1.0 MB/s, 0 s left")]
    public void A_line_tells_share_rate_and_time_left(long bytes, double bytesPerSecond, string line) =>
        DownloadProgress.Describe(bytes, Total, bytesPerSecond).ShouldBe(line);

    [Fact]
    public void Nothing_to_fetch_is_all_of_it() =>
        DownloadProgress.Describe(0, 0, 0).ShouldBe("0 of 0 MB (100 %), 0.0 MB/s, time left unknown");

    [Fact]
    public async Task A_log_has_one_line_in_ten_seconds_at_the_rate_of_the_last_ones()
    {
        await using (var progress = Start(terminal: null))
        {
            progress.Find(500_000_000); // by an earlier process: no part of the rate
            for (var second = 1; second <= 30; second++)
            {
                progress.Add(
                    second <= 10 ? 30_000_000
                    : second <= 20 ? 10_000_000
                    : 0
                );
                _time.Advance(TimeSpan.FromSeconds(1));
                await UntilAsync(() => Lines.Count == second / 10);
            }
        }

        Lines.ShouldBe([
            "Downloading a/b: 800 of 2,000 MB (40 %), 30.0 MB/s, 40 s left.",
            "Downloading a/b: 900 of 2,000 MB (45 %), 10.0 MB/s, 1 min 50 s left.",
            "Downloading a/b: 900 of 2,000 MB (45 %), 0.0 MB/s, time left unknown.",
        ]);
        _logger.Collector.GetSnapshot().ShouldAllBe(record => record.Level == LogLevel.Information);
    }

    [Fact]
    public async Task A_download_shorter_than_ten_seconds_leaves_no_line()
    {
        await using (Start(terminal: null))
        {
            _time.Advance(TimeSpan.FromSeconds(9.99));
        }

        Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_terminal_has_one_line_that_is_rewritten_and_taken_away()
    {
        await using var screen = new Screen();
        await using (var progress = Start(screen))
        {
            for (var line = 1; line <= 3; line++)
            {
                progress.Add(10_000_000);
                await ShouldShowAsync(line);
            }

            progress.Lose(20_000_000);
            await ShouldShowAsync(4);
        }

        screen.Writes.ShouldBe([
            "\r\e[KDownloading a/b: 10 of 2,000 MB (0 %), 40.0 MB/s, 50 s left",
            "\r\e[KDownloading a/b: 20 of 2,000 MB (1 %), 40.0 MB/s, 50 s left",
            "\r\e[KDownloading a/b: 30 of 2,000 MB (1 %), 40.0 MB/s, 50 s left",
            "\r\e[KDownloading a/b: 10 of 2,000 MB (0 %), 30.0 MB/s, 1 min 6 s left",
            "\r\e[K",
        ]);
        Lines.ShouldBeEmpty();

        async Task ShouldShowAsync(int lines)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            await UntilAsync(() => screen.Writes.Count == lines);
        }
    }

    private DownloadProgress Start(TextWriter? terminal) => new("a/b", Total, terminal, _logger, _time);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1, Token);
        }
    }

    private sealed class Screen : TextWriter
    {
        private readonly ConcurrentQueue<string?> _writes = new();

        public IReadOnlyList<string?> Writes => [.. _writes];

        public override System.Text.Encoding Encoding => System.Text.Encoding.UTF8;

        public override void Write(string? value) => _writes.Enqueue(value);
    }
}
