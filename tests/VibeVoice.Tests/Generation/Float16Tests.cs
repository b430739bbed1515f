using CsCheck;
using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Tests.Generation;

public sealed class Float16Tests(TinyEngine tiny, ITestOutputHelper output) : IClassFixture<TinyEngine>
{
    /// <summary>
    /// Float16 rounds a number to 11 bits: an error 77 dB below it on average. Some dozens of roundings follow each other in
    /// a part, and their errors add up like noise: 10 to 17 dB of it, by what was measured (60 to 69 dB remain). A part
    /// that overflows, or sums in float16 what should be in float32, falls far below.
    /// </summary>
    private const double Bar = 55;

    [Theory]
    [InlineData("run-long", true)]
    [InlineData("run-short", true)]
    [InlineData("run-long", false)]
    public void Each_part_stays_near_the_reference(string run, bool isFused)
    {
        using var engine = Load(isFused ? AttentionKernel.Fused : AttentionKernel.Plain);
        using var golden = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, $"{run}.safetensors"));

        var decibels = TeacherForced.Run(engine, tiny.Voice, golden);

        output.WriteLine(string.Join(", ", decibels.Select(part => $"{part.Key} {part.Value:F1} dB")));
        decibels.Count.ShouldBe(7);
        decibels.ShouldAllBe(part => part.Value > Bar);
    }

    /// <summary>Trained models carry numbers that float16 has not from layer to layer; their norms bring them back.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hidden_states_beyond_float16_are_carried(bool isFused)
    {
        using var engine = Load(isFused ? AttentionKernel.Fused : AttentionKernel.Plain);
        var random = new Random(1);
        var width = engine.Config.Language.HiddenSize;
        var embeddings = Enumerable.Range(0, 5 * width).Select(_ => (random.NextSingle() - 0.5f) * 4e5f).ToArray();

        var expected = ReadText(tiny.Fused.Engine, embeddings);

        expected.Max(MathF.Abs).ShouldBeGreaterThan(HalfRange.Largest);
        ReadText(engine, embeddings).ShouldBeWithin(1e-3, expected);
    }

    [Fact]
    public void The_same_measure_finds_float32_equal()
    {
        using var golden = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, "run-long.safetensors"));

        TeacherForced.Run(tiny.Fused.Engine, tiny.Voice, golden).ShouldAllBe(part => part.Value > 100);
    }

    [Fact]
    public void Numbers_are_rounded_to_the_nearest_and_ties_to_even()
    {
        Gen.Float[-70_000, 70_000]
            .Array[1, 40]
            .Sample(numbers =>
            {
                using var tensor = NativeTensor.OnHost(TensorType.Float16, numbers.Length);
                HostDevice.Instance.Write(tensor, 0, numbers);
                return tensor.Halves.SequenceEqual(numbers.Select(x => (Half)x).ToArray());
            });

        using var ties = NativeTensor.OnHost(TensorType.Float16, 2);
        HostDevice.Instance.Write(ties, 0, [2049, 2051]);
        ties.Halves.ToArray().ShouldBe([(Half)2048, (Half)2052]);
    }

    [Fact]
    public void A_weight_that_would_become_infinite_is_refused_by_name()
    {
        using var weights = new WeightStore(tiny.Checkpoint);

        weights.Get(Filled("whole", 65_504)).Halves.ToArray().ShouldAllBe(x => x == Half.MaxValue);
        Should
            .Throw<ModelFormatException>(() => weights.Get(Filled("too large", -70_000)))
            .Message.ShouldBe(
                "Weight 'too large' holds -70000, but float16 ends at 65504. Load this checkpoint with precision float32."
            );

        static Weight Filled(string name, float number) =>
            new(name, [2, 3], (_, destination) => destination.Fill(number)) { Type = TensorType.Float16 };
    }

    [Fact]
    public void A_prompt_that_would_become_infinite_is_refused()
    {
        var language = tiny.Checkpoint.Config.Language;
        var loud = tiny.Voice.Speech with
        {
            Keys =
            [
                .. tiny.Voice.Speech.Keys.Select(keys =>
                    (ReadOnlyMemory<float>)Enumerable.Repeat(1e5f, keys.Length).ToArray()
                ),
            ],
        };
        using var cache = new KeyValueCache(language, language.SpeechLayers, type: TensorType.Float16);

        Should
            .Throw<ModelFormatException>(() => cache.Prefill(loud))
            .Message.ShouldStartWith("The voice's prompt holds 100000, but float16 ends at 65504.");
    }

    /// <summary>What a GPU would need, in this machine's memory: writing by sessions, inputs bound anew before every run.</summary>
    [Theory]
    [InlineData(ModelPrecision.Float32)]
    [InlineData(ModelPrecision.Float16)]
    public void A_device_that_only_sessions_reach_makes_the_same_bits(ModelPrecision precision)
    {
        var options = new EngineOptions(1, null, AttentionKernel.Fused, PartPrecisions.All(precision));
        using var host = GraphEngine.Load(tiny.Checkpoint, options, CancellationToken.None);
        using var device = GraphEngine.Load(
            tiny.Checkpoint,
            options with
            {
                OpenDevice = () => new AcceleratorDevice(_ => { }, OrtMemoryInfo.DefaultInstance, hasFloat16: false),
            },
            CancellationToken.None
        );

        device.Device.IsHost.ShouldBeFalse();
        Speak(device).ShouldBe(Speak(host));
        Speak(device).ShouldBe(Speak(host)); // a second request finds nothing of the first
    }

    private float[] Speak(GraphEngine engine)
    {
        var options = new SpeechRunOptions(
            1.5f,
            SolverSchedule.Create(3, engine.Config.Diffusion.TrainingSteps),
            new SeededNoise(7)
        );
        using var run = new SpeechRun(engine, tiny.Voice, options);
        run.ReadText([5, 6, 7, 8, 9]);
        var audio = new List<float>();
        for (var frame = 0; frame < 8; frame++)
        {
            audio.AddRange(run.NextFrame() ?? []);
        }

        return [.. audio];
    }

    private static float[] ReadText(GraphEngine engine, float[] embeddings)
    {
        var language = engine.Config.Language;
        var type = engine.Precisions.Text.ComputeType();
        using var cache = new KeyValueCache(language, language.TextLayers, type: type);
        using var step = new TextStep(engine.Text, cache, language.HiddenSize, mostTokens: 5);
        embeddings.CopyTo(step.Embeddings);
        return step.Run(5).ToArray();
    }

    private GraphEngine Load(AttentionKernel kernel) =>
        GraphEngine.Load(
            tiny.Checkpoint,
            new EngineOptions(1, null, kernel, PartPrecisions.All(ModelPrecision.Float16)),
            CancellationToken.None
        );
}
