using VibeVoice.Checkpoints;
using VibeVoice.Development;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Tests.Generation;

namespace VibeVoice.Tests.Development;

/// <summary>The real sizes with a published voice, free running. Takes a minute or two, 2 GB of disk and 9 GB of memory.</summary>
[Trait("Category", "Parity")]
public sealed class FullSizeParityTests(ITestOutputHelper output) : IDisposable
{
    private const float EndBias = -50; // as the recorded run had it
    private const long MemoryBytes = 10L * 1024 * 1024 * 1024;
    private const double Float16Decibels = 48;
    private const double ExactDecibels = 80;
    private const double Int8Decibels = 25;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_full_size_run_equals_the_reference()
    {
        var voicePath = GoldenFiles.Shared("voices", "en-Mike_man.pt");
        var tokenizer = GoldenFiles.Shared("tokenizer", "qwen.tokenizer.json");
        SkipWithoutMemory();
        using var model = await VibeVoiceModel.LoadAsync(
            WithTokenizer(Checkpoint(), tokenizer),
            new ModelOptions { Precision = ModelPrecision.Float32 },
            Cancellation
        );
        var run = RecordedRun.Load(Path.Combine(GoldenFiles.Full, "run.safetensors"));

        var report = await run.ReplayAsync(model, model.LoadVoice(voicePath), Cancellation);

        report.Differences.ShouldBeEmpty();
        report.TokensAreEqual.ShouldBe(true);
        report.FramesComputed.ShouldBe(32);
        report.FramesSpoken.ShouldBe(32);
        report.Quantities.Count.ShouldBe(9);
    }

    /// <summary>
    /// What a GPU would round, part by part, each fed with the reference's numbers. Hidden states and latents pass through
    /// more layers than in the small checkpoint, so a little less is left: see docs/log.md.
    /// </summary>
    [Fact]
    public void Float16_stays_near_the_reference()
    {
        SkipWithoutMemory();
        var precisions = PartPrecisions.All(ModelPrecision.Float16);
        var options = new EngineOptions(Environment.ProcessorCount, EndBias, Precisions: precisions);
        using var engine = GraphEngine.Open(Checkpoint(), options, Cancellation);
        var voice = VoicePreset.Load(GoldenFiles.Shared("voices", "en-Mike_man.pt"), engine.Config);
        using var golden = SafetensorsFile.Open(Path.Combine(GoldenFiles.Full, "run.safetensors"));

        var decibels = TeacherForced.Run(engine, voice, golden);

        output.WriteLine(string.Join(", ", decibels.Select(part => $"{part.Key} {part.Value:F1} dB")));
        decibels.Count.ShouldBe(7);
        decibels.ShouldAllBe(part => part.Value > Float16Decibels);
    }

    /// <summary>
    /// Weights of 8 bits in every part, each fed with the reference's numbers; the free run is told, and held to nothing: noise
    /// of the past is fed back, and random weights forgive less than trained ones.
    /// </summary>
    [Fact]
    public async Task Eight_bits_stay_near_the_reference_in_every_frame()
    {
        SkipWithoutMemory();
        var options = new PrecisionMeasurementOptions
        {
            Model = Checkpoint(),
            Voice = GoldenFiles.Shared("voices", "en-Mike_man.pt"),
            Recorded = RecordedRun.Load(Path.Combine(GoldenFiles.Full, "run.safetensors")),
            Part = PrecisionPart.All,
        };

        var report = await PrecisionMeasurement.RunAsync(options, Cancellation);

        report.Frames.ShouldBe(32);
        foreach (var error in report.Cases.SelectMany(measured => measured.Errors))
        {
            output.WriteLine($"{error.Quantity}: {error.Decibels:F1} dB, worst {error.WorstDecibels:F1} dB");
        }

        report.Cases[0].Errors.ShouldAllBe(error => error.WorstDecibels > ExactDecibels);
        string[] fed = ["latents", "audio of exact latents", "audio of its latents"];
        report.Cases[1].Precision.ShouldBe("int8");
        var own = report.Cases[1].Errors.Where(error => fed.Contains(error.Quantity)).ToArray();
        own.Length.ShouldBe(fed.Length);
        own.ShouldAllBe(error => error.WorstDecibels > Int8Decibels);
    }

    /// <summary>Kept between runs: its weights are checked against the goldens by a test of their own.</summary>
    private static string Checkpoint()
    {
        var folder = Testing.Repository.PathOf("artifacts", "full-size-checkpoint");
        if (!File.Exists(Path.Combine(folder, ModelConfig.FileName)))
        {
            var config = Path.Combine(GoldenFiles.Full, ModelConfig.FileName);
            SyntheticCheckpoint.Write(config, folder, EndBias, cancellationToken: Cancellation);
        }

        return folder;
    }

    private static void SkipWithoutMemory()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Assert.SkipWhen(memory < MemoryBytes, $"{memory:N0} bytes of memory are not enough for the real size.");
    }

    private string WithTokenizer(string checkpoint, string tokenizer)
    {
        foreach (var name in (string[])[ModelConfig.FileName, ModelConfig.PreprocessorFileName, WeightFiles.FileName])
        {
            File.CreateSymbolicLink(_folder.PathOf(name), Path.Combine(checkpoint, name));
        }

        File.CreateSymbolicLink(_folder.PathOf("tokenizer.json"), Path.GetFullPath(tokenizer));
        return _folder.Path;
    }
}
