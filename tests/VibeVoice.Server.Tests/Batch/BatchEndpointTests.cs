using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using RunPod.Worker.Emulator;
using Testing.Programs;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Preview;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>The published program on both sides of an emulated endpoint: workers and the batch are killed in between.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class BatchEndpointTests : CommandTest
{
    private const int SampleRateHz = 24_000;

    private readonly string _slowEspeak;

    public BatchEndpointTests() =>
        _slowEspeak = Script("slow-espeak", "[ \"$1\" = --version ] || sleep 0.4\nexec espeak-ng \"$@\"");

    [Fact]
    public async Task A_book_comes_out_sample_for_sample_though_workers_and_the_batch_are_killed()
    {
        await using var emulator = await RunPodEmulator.StartAsync(
            new RunPodEmulatorOptions
            {
                PollHold = TimeSpan.FromSeconds(5),
                HeartbeatInterval = TimeSpan.FromMilliseconds(300),
                JobLostAfter = TimeSpan.FromSeconds(2),
            },
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken
        );
        var book = BatchStage.Book(" of the river", chapters: 3);
        await File.WriteAllTextAsync(PathOf("book.txt"), book, TestContext.Current.CancellationToken);
        string[] arguments =
        [
            .. "batch book.txt --endpoint local -o book.flac --part-characters 200".Split(' '),
            "--api-url",
            emulator.BaseUrl.AbsoluteUri,
        ];
        await using var first = StartWorker(emulator, "first");
        await using var second = StartWorker(emulator, "second");
        await using (var batch = CommandRun.Start(CommandRun.Program, arguments, Here))
        {
            await batch.UntilAsync(() => Parts() >= 1, "a part");
            await first.KillAllAsync();
            await batch.UntilAsync(() => Parts() >= 3, "three parts");
            await batch.KillAllAsync();
        }

        File.Exists(PathOf("book.flac")).ShouldBeFalse();
        await using var third = StartWorker(emulator, "third");
        await using (var batch = CommandRun.Start(CommandRun.Program, arguments, Here))
        {
            await batch.UntilAsync(() => Parts() >= 5, "five parts");
            await second.KillAllAsync();
            var result = await batch.ExitAsync();
            result.ExitCode.ShouldBe(0, result.Errors);
        }

        var reader = new AudioFileReader(new EncodingOptions());
        var found = new List<float>();
        await foreach (
            var frame in reader.ReadAsync(PathOf("book.flac"), SampleRateHz, TestContext.Current.CancellationToken)
        )
        {
            found.AddRange(frame.Samples.Span);
        }

        var expected = await SpeakAsync(book);
        found.Count.ShouldBe(expected.Count);
        Enumerable.Range(0, found.Count).Count(i => MathF.Abs(found[i] - expected[i]) > 1.01f / 32768).ShouldBe(0);

        int Parts() =>
            Directory.Exists(PathOf("book.batch")) ? Directory.GetFiles(PathOf("book.batch"), "*.flac").Length : 0;
    }

    /// <summary>The same book by the same voice, in this process.</summary>
    private static async Task<List<float>> SpeakAsync(string book)
    {
        var settings = new SpeechSettings { Engine = SpeechEngine.Preview };
        var synthesizer = new PreviewSynthesizer(settings);
        var requests = new SpeechRequestFactory(settings, synthesizer);
        var template = new JobTemplate(new SpeechInput(), AudioFormat.Flac);
        var plan = BatchPlan.Create(book, ChapterSplitter.Split(book, HeadingRules.Usual, "book"), 200, template);
        var samples = new List<float>();
        foreach (var part in plan.Parts)
        {
            var request = requests.Create(new SpeechInput { Text = part.Text }, SpeechFieldNames.Job, []);
            await foreach (var frame in synthesizer.SpeakAsync(request, TestContext.Current.CancellationToken))
            {
                samples.AddRange(frame.Audio.Samples.Span);
            }

            var pause = part.End switch
            {
                _ when part == plan.Parts[^1] => 0,
                ChunkBoundary.TextEnd => 1.5,
                ChunkBoundary.Paragraph => 0.4,
                ChunkBoundary.Sentence => 0.2,
                ChunkBoundary.Clause => 0.08,
                _ => 0.0,
            };
            samples.AddRange(new float[(int)(pause * SampleRateHz)]);
        }

        return samples;
    }

    private RunningProgram StartWorker(RunPodEmulator emulator, string id) =>
        RunningProgram.Start(
            PublishedProgram.Find(),
            ["worker"],
            [
                .. emulator.WorkerEnvironment(id),
                new("VIBEVOICE_ENGINE", "preview"),
                new("RUNPOD_SKIP_AUTO_SYSTEM_CHECKS", "true"),
                new("RUNPOD_SKIP_GPU_CHECK", "true"),
                // Slow enough to be killed in the middle of a job.
                new("ESPEAK_PATH", _slowEspeak),
            ],
            Folder
        );
}
