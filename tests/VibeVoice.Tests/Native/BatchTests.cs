using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Native;
using VibeVoice.Tests.Generation;

namespace VibeVoice.Tests.Native;

/// <summary>Streams that share every call get, bit by bit, what each gets alone.</summary>
public sealed class BatchTests(TinyEngine tiny) : IClassFixture<TinyEngine>
{
    private const int Frames = 20;

    [Theory]
    [InlineData("float32", 1)]
    [InlineData("float32", 3)]
    [InlineData("int8", 1)]
    [InlineData("int8", 2)]
    [InlineData("int4", 2)]
    public void Streams_together_are_each_as_alone(string precision, int threads)
    {
        var precisions = PartPrecisions.All(Enum.Parse<ModelPrecision>(precision, ignoreCase: true));
        using var engine = tiny.LoadNative(threads, precisions);
        Plan[] plans =
        [
            new(tiny.Voice, Seed: 1, Steps: 5, Guidance: 1.5f, FirstFrame: 0, FramesPerDecode: 6, TokensPerWindow: 5),
            new(tiny.Voice, Seed: 2, Steps: 3, Guidance: 1f, FirstFrame: 0, FramesPerDecode: 1, TokensPerWindow: 2),
            new(Other("b"), Seed: 3, Steps: 11, Guidance: 3f, FirstFrame: 3, FramesPerDecode: 4, TokensPerWindow: 1),
            new(Other("c"), Seed: 4, Steps: 1, Guidance: 1.3f, FirstFrame: 7, FramesPerDecode: 3, TokensPerWindow: 4),
            new(tiny.Voice, Seed: 5, Steps: 5, Guidance: 2f, FirstFrame: 13, FramesPerDecode: 2, TokensPerWindow: 5),
            new(Other("b"), Seed: 6, Steps: 4, Guidance: 1.5f, FirstFrame: 14, FramesPerDecode: 5, TokensPerWindow: 3),
        ];
        float[][] alone = [.. plans.Select(plan => Run(engine, [plan])[0])];

        var together = Run(engine, plans);

        alone.Select(numbers => numbers.Length).Distinct().Count().ShouldBeGreaterThan(3);
        for (var i = 0; i < plans.Length; i++)
        {
            together[i].ShouldBe(alone[i], $"stream {i}");
            together[i].ShouldAllBe(number => float.IsFinite(number));
        }
    }

    [Fact]
    public void Frames_decoded_together_are_those_decoded_one_by_one()
    {
        foreach (var precision in (ModelPrecision[])[ModelPrecision.Float32, ModelPrecision.Int8])
        {
            using var engine = tiny.LoadNative(2, PartPrecisions.All(precision));
            var plan = new Plan(tiny.Voice, 9, 5, 1.5f, 0, FramesPerDecode: 1, TokensPerWindow: 5);
            var one = Run(engine, [plan])[0];
            for (var frames = 2; frames <= 6; frames++)
            {
                Run(engine, [plan with { FramesPerDecode = frames }])[0].ShouldBe(one);
            }
        }
    }

    private VoicePreset Other(string name) => SyntheticPreset.Make(name, tiny.Checkpoint.Config);

    /// <returns>Of each stream all that there is to compare: conditions, latents, ends, and at last the audio.</returns>
    private static float[][] Run(NativeEngine engine, Plan[] plans)
    {
        Stream[] all = [.. plans.Select(plan => new Stream(engine, plan))];
        try
        {
            for (var frame = 0; frame < Frames; frame++)
            {
                Stream[] active = [.. all.Where(stream => stream.Begin(engine, frame))];
                if (active.Length == 0)
                {
                    continue;
                }

                EngineStream[] streams = [.. active.Select(stream => stream.Own)];
                engine.Sample(streams);
                DecoderWork[] work =
                [
                    .. active.Select(stream => stream.TakeWork(frame == Frames - 1)).OfType<DecoderWork>(),
                ];
                if (work.Length > 0)
                {
                    engine.Decode(work);
                }

                engine.FeedBack(streams);
                Array.ForEach(active, stream => stream.End());
            }

            return [.. all.Select(stream => stream.Numbers)];
        }
        finally
        {
            Array.ForEach(all, stream => stream.Own.Dispose());
        }
    }

    private sealed record Plan(
        VoicePreset Voice,
        ulong Seed,
        int Steps,
        float Guidance,
        int FirstFrame,
        int FramesPerDecode,
        int TokensPerWindow
    );

    private sealed class Stream(NativeEngine engine, Plan plan)
    {
        private readonly SeededNoise _noise = new(plan.Seed);
        private readonly List<float> _numbers = [];
        private readonly List<float> _waiting = [];
        private readonly List<float[]> _audio = [];

        public EngineStream Own { get; } =
            engine.Open(
                plan.Voice,
                new SpeechRunOptions(
                    plan.Guidance,
                    SolverSchedule.Create(plan.Steps, engine.Config.Diffusion.TrainingSteps),
                    new SeededNoise(plan.Seed)
                )
            );

        public float[] Numbers => [.. _numbers, .. _audio.SelectMany(samples => samples)];

        public bool Begin(NativeEngine engine, int frame)
        {
            if (frame < plan.FirstFrame)
            {
                return false;
            }

            if ((frame - plan.FirstFrame) % SpeechRun.FramesPerWindow == 0)
            {
                int[] tokens = [.. Enumerable.Range(0, plan.TokensPerWindow).Select(i => 20 + i + (int)plan.Seed)];
                engine.ReadText(Own, tokens);
                _numbers.AddRange(Own.TextHidden);
                _numbers.AddRange(Own.SpeechHidden);
            }

            _noise.Fill(frame - plan.FirstFrame, Own.Latent);
            return true;
        }

        public DecoderWork? TakeWork(bool isLast)
        {
            _numbers.AddRange(Own.Latent);
            _waiting.AddRange(Own.Latent);
            var frames = _waiting.Count / Own.Latent.Length;
            if (frames < plan.FramesPerDecode && !isLast)
            {
                return null;
            }

            _audio.Add(new float[frames * engine.Config.Acoustic.SamplesPerFrame]);
            var work = new DecoderWork(Own, _waiting.ToArray(), _audio[^1]);
            _waiting.Clear();
            return work;
        }

        public void End()
        {
            _numbers.AddRange(Own.Condition);
            _numbers.AddRange(Own.NegativeCondition);
            _numbers.Add(Own.EndLogit);
        }
    }
}
