using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Tests.Graphs;
using VibeVoice.Tests.Reference;

namespace VibeVoice.Tests.Generation;

/// <summary>Sizes that are not in the goldens, against plain loops.</summary>
[Trait("Category", "Reference")]
public sealed class OtherSizesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SeededNoise _noise = new(5);

    public static TheoryData<string> Sizes => [OtherSizes.OddHeads, OtherSizes.OneKeyHead, OtherSizes.WideHeads];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_decoder_streams_in_any_chunks_what_loops_make_at_once(string sizes)
    {
        using var checkpoint = Checkpoint.Open(OtherSizes.Write(sizes, _folder));
        using var engine = GraphEngine.Load(checkpoint, new EngineOptions(1), CancellationToken.None);
        var acoustic = checkpoint.Config.Acoustic;
        var latents = Rows(7, acoustic.LatentSize);
        var expected = Floats(new PlainLoops(checkpoint).AcousticDecoder(latents));
        foreach (var chunk in (int[])[1, 2, 7])
        {
            using var decoder = new SoundDecoder(engine, chunk);
            var audio = latents.Chunk(chunk).SelectMany(rows => decoder.Decode(Floats(rows)).ToArray()).ToArray();

            audio.Length.ShouldBe(7 * acoustic.SamplesPerFrame);
            audio.ShouldBeWithin(Tolerances.Component, expected);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_text_model_makes_window_by_window_what_loops_make_at_once(string sizes)
    {
        using var checkpoint = Checkpoint.Open(OtherSizes.Write(sizes, _folder));
        using var engine = GraphEngine.Load(checkpoint, new EngineOptions(1), CancellationToken.None);
        var language = checkpoint.Config.Language;
        var x = Rows(12, language.HiddenSize);
        var expected = new PlainLoops(checkpoint).LanguageModel("language_model", language.TextLayers, false, x);
        using var cache = new KeyValueCache(language, language.TextLayers);
        using var step = new TextStep(engine.Text, cache, language.HiddenSize, mostTokens: 5);
        var hidden = new List<float>();
        foreach (var window in (Range[])[0..5, 5..6, 6..10, 10..12])
        {
            var rows = Floats(x[window]);
            rows.CopyTo(step.Embeddings);
            hidden.AddRange(step.Run(rows.Length / language.HiddenSize));
        }

        cache.Length.ShouldBe(12);
        hidden.ToArray().ShouldBeWithin(Tolerances.Component, Floats(expected));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_fed_back_latents_move_both_branches_as_loops_do(string sizes)
    {
        using var checkpoint = Checkpoint.Open(OtherSizes.Write(sizes, _folder));
        using var engine = GraphEngine.Load(checkpoint, new EngineOptions(1), CancellationToken.None);
        var (config, language) = (checkpoint.Config, checkpoint.Config.Language);
        var latents = Rows(4, config.Acoustic.LatentSize);
        var text = Rows(3, language.HiddenSize);
        var types = checkpoint.Read("model.tts_input_types.weight", 2, language.HiddenSize);
        var speech = OneGraph.Run(
            checkpoint,
            (g, x) => new Connector(config).Forward(g, x[0]),
            ([4, config.Acoustic.LatentSize], Floats(latents))
        );
        var speechRows = speech.Chunk(language.HiddenSize).Select(row => Add(row, types)).ToArray();
        var textRows = text.Select(row => Add(Floats([row]), types[language.HiddenSize..])).ToArray();
        var loops = new PlainLoops(checkpoint);
        double[][] positive =
        [
            .. loops.LanguageModel("tts_language_model", language.SpeechLayers, true, [.. textRows, .. speechRows])[
                3..
            ],
        ];
        var negative = loops.LanguageModel("tts_language_model", language.SpeechLayers, true, speechRows);

        using var positiveCache = new KeyValueCache(language, language.SpeechLayers);
        using var negativeCache = new KeyValueCache(language, language.SpeechLayers);
        using var textStep = new TextStep(engine.SpeechText, positiveCache, language.HiddenSize, mostTokens: 5);
        Floats(text).CopyTo(textStep.Embeddings);
        textStep.Run(3);
        using var frameStep = new FrameStep(engine.SpeechFrame, positiveCache, negativeCache, config);
        for (var frame = 0; frame < 4; frame++)
        {
            frameStep.Run(Floats([latents[frame]]));
            frameStep.Hidden.ShouldBeWithin(Tolerances.Component, Floats([positive[frame]]));
            frameStep.NegativeHidden.ShouldBeWithin(Tolerances.Component, Floats([negative[frame]]));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_diffusion_head_equals_loops(string sizes)
    {
        using var checkpoint = Checkpoint.Open(OtherSizes.Write(sizes, _folder));
        var diffusion = checkpoint.Config.Diffusion;
        var latent = Rows(1, diffusion.LatentSize);
        var condition = Rows(1, diffusion.HiddenSize);

        OneGraph
            .Run(
                checkpoint,
                (g, x) =>
                {
                    var head = new DiffusionHead(diffusion);
                    return head.Forward(g, x[0], head.Modulations(g, x[1], x[2]));
                },
                ([1, diffusion.LatentSize], Floats(latent)),
                ([1, diffusion.FrequencySize], TimeEmbedding.Create(599, diffusion.FrequencySize)),
                ([1, diffusion.HiddenSize], Floats(condition))
            )
            .ShouldBeWithin(
                Tolerances.Component,
                Floats([new PlainLoops(checkpoint).DiffusionHead(latent[0], 599, condition[0])])
            );
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task A_checkpoint_of_any_size_speaks_to_its_last_position(string sizes)
    {
        var folder = OtherSizes.Write(sizes, _folder, endBias: -50);
        var cancellationToken = TestContext.Current.CancellationToken;
        using var model = await VibeVoiceModel.LoadAsync(folder, new ModelOptions { Threads = 1 }, cancellationToken);
        var voice = model.LoadVoice(Path.Combine(folder, "voices", "synthetic.safetensors"));
        var speech = model.SpeakAsync("Good day.", voice, cancellationToken: cancellationToken);
        var audio = await speech.ToAudioAsync(cancellationToken);

        speech.Report.EndReason.ShouldBe(SpeechEndReason.PositionLimit);
        speech.Report.EndedBeforeText.ShouldBeFalse();
        audio.Samples.Length.ShouldBe(speech.Report.FramesSpoken * model.SamplesPerFrame);
        speech.Report.FramesSpoken.ShouldBeGreaterThan(10);
    }

    private double[][] Rows(int count, int width) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(row =>
                {
                    var numbers = new float[width];
                    _noise.Fill(row + (1000 * width), numbers);
                    return numbers.Select(number => (double)number).ToArray();
                }),
        ];

    private static float[] Floats(double[] numbers) => [.. numbers.Select(number => (float)number)];

    private static float[] Floats(double[][] rows) => [.. rows.SelectMany(Floats)];

    private static double[] Add(float[] row, float[] addend) => [.. row.Select((v, i) => (double)v + addend[i])];
}
