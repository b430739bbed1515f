using System.Diagnostics;
using System.Text;
using VibeVoice.Benchmarks.Measuring;
using VibeVoice.Server.Encoding;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>A request for speech until its first byte of audio, with an engine that takes no time.</summary>
internal static class HttpOverhead
{
    private const int Runs = 200;
    private const int WarmUps = 50;

    public static async Task<Table> MeasureAsync(CancellationToken cancellationToken)
    {
        var synthesizer = new ReadySynthesizer();
        await using var server = await BenchServer.StartAsync(synthesizer, slots: 4, cancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var ffmpeg = await BareFfmpeg.PrepareAsync(synthesizer, new EncodingOptions(), cancellationToken);
        Task<double> AskAsync(string format) => FirstByteAsync(client, server.Speech, format, cancellationToken);
        var fast = await Sample.InTurnsAsync(Runs, WarmUps, () => AskAsync("pcm"), () => AskAsync("wav"));
        var slow = await Sample.InTurnsAsync(
            Runs / 5,
            WarmUps / 5,
            () => AskAsync("mp3"),
            () => ffmpeg.FirstByteAsync(cancellationToken)
        );
        var table = new Table(
            "A request over HTTP, to its first byte of audio",
            "ms",
            "Server and client in one process, one connection that stays open; the engine hands out ready frames at once. The "
                + $"bare command is the same ffmpeg on the same samples from a file, to the first byte that it writes. {Runs} "
                + "runs in turns, a fifth of them with ffmpeg."
        );
        table.Add("pcm", fast[0], aim: 2);
        table.Add("wav", fast[1], aim: 2);
        table.Add("mp3", slow[0]);
        table.Add("- bare ffmpeg, first byte", slow[1]);
        table.Add("- ours: mp3 less bare ffmpeg, of medians", new Sample([slow[0].Median - slow[1].Median]), aim: 2);
        return table;
    }

    private static async Task<double> FirstByteAsync(
        HttpClient client,
        Uri url,
        string format,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new StringContent(
                $$"""{"input": "Ten seconds of speech.", "response_format": "{{format}}"}""",
                Encoding.UTF8,
                "application/json"
            ),
        };
        var begun = Stopwatch.GetTimestamp();
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        await using var audio = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await audio.ReadExactlyAsync(new byte[1], cancellationToken);
        var milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        await audio.CopyToAsync(Stream.Null, cancellationToken); // so that the connection can be used again
        return milliseconds;
    }
}
