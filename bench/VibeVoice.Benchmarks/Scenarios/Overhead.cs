using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RunPod.Worker;
using VibeVoice.Benchmarks.Measuring;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Queue.OpenAi;
using VibeVoice.Server.Speech;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>A whole job with an engine that takes no time, beside the bare ffmpeg command on the same samples.</summary>
internal sealed class Overhead
{
    private const int Runs = 20;
    private const int WarmUps = 5;

    private static readonly EncodingOptions Encoding = new();

    private readonly SpeakHandler _handler;
    private readonly AudioEncoder _encoder = new(Encoding, NullLogger<AudioEncoder>.Instance);

    private Overhead(ReadySynthesizer synthesizer)
    {
        var delivery = new DeliveryOptions();
        var time = TimeProvider.System;
        var requests = new SpeechRequestFactory(new SpeechSettings(), synthesizer);
        var speech = new JobSpeech(
            new SpeechPipeline(synthesizer, _encoder, time),
            new DeliverySelector(delivery, Encoding, time, NullLogger<S3Delivery>.Instance),
            time,
            NullLogger<JobSpeech>.Instance
        );
        _handler = new SpeakHandler(
            new JobInputReader(requests, delivery),
            speech,
            new OpenAiJobs(
                new SpeechBodyReader(requests, synthesizer, new HttpOptions()),
                speech,
                synthesizer,
                NullLogger<OpenAiJobs>.Instance
            ),
            NullLogger<SpeakHandler>.Instance
        );
    }

    public static async Task<Table> MeasureAsync(CancellationToken cancellationToken)
    {
        var synthesizer = new ReadySynthesizer();
        var overhead = new Overhead(synthesizer);
        using var ffmpeg = await BareFfmpeg.PrepareAsync(synthesizer, Encoding, cancellationToken);
        var samples = await Sample.InTurnsAsync(
            Runs,
            WarmUps,
            () => overhead.JobAsync("mp3", cancellationToken),
            () => ffmpeg.EncodeAsync(cancellationToken),
            () => ffmpeg.StartAsync(cancellationToken),
            () => overhead.JobAsync("wav", cancellationToken),
            () => overhead.JobAsync("pcm", cancellationToken)
        );
        var ours = new Sample([samples[0].Median - samples[1].Median]);
        var table = new Table(
            "Overhead of a 10 s clip",
            "ms",
            "A job's JSON in, the answer's JSON with base64 out, in process; the engine hands out ready frames at once. "
                + $"The bare command is the same ffmpeg on the same samples from a file, timed by the shell. {Runs} runs "
                + "in turns."
        );
        table.Add("job to mp3", samples[0], aim: 150);
        table.Add("- bare ffmpeg, same samples", samples[1]);
        table.Add("- ffmpeg that only starts and ends", samples[2]);
        table.Add("- ours: job less bare ffmpeg, of medians", ours);
        table.Add("job to wav (no ffmpeg)", samples[3], aim: 150);
        table.Add("job to pcm (no ffmpeg)", samples[4], aim: 150);
        return table;
    }

    private async Task<double> JobAsync(string format, CancellationToken cancellationToken)
    {
        var job = JsonElement.Parse(
            $$"""{"id": "bench", "input": {"text": "Ten seconds of speech.", "output_format": "{{format}}"} }"""
        );
        var milliseconds = 0.0;
        var result = await LocalJob.RunAsync(
            job,
            async (context, token) =>
            {
                var begun = Stopwatch.GetTimestamp();
                var answer = await _handler.HandleAsync(context, token);
                milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
                return answer;
            },
            new RunPodWorkerOptions(),
            cancellationToken
        );
        return result.Succeeded
            ? milliseconds
            : throw new InvalidOperationException($"The job failed: {result.Answer.ToJsonString()}");
    }
}
