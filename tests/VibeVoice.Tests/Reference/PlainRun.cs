using VibeVoice.Checkpoints;

namespace VibeVoice.Tests.Reference;

/// <summary>A whole run as the paper tells it: windows of five tokens and six frames, no cache, no state.</summary>
internal sealed class PlainRun
{
    private readonly Checkpoint _checkpoint;
    private readonly PlainLoops _loops;
    private readonly List<double[]> _positive = [];
    private readonly List<double[]> _negative = [];

    public PlainRun(Checkpoint checkpoint)
    {
        _checkpoint = checkpoint;
        _loops = new PlainLoops(checkpoint);
    }

    public List<double[]> Latents { get; } = [];

    public List<double> EndLogits { get; } = [];

    public int FramesPutOut { get; private set; }

    public SpeechEndReason? End { get; private set; }

    public PlainRun Speak(
        VoicePreset voice,
        int[] tokens,
        INoiseSource noise,
        double guidance,
        PlainSolver solver,
        int mostFrames
    )
    {
        var (config, language) = (_checkpoint.Config, _checkpoint.Config.Language);
        double[][] embeddings = [.. tokens.Select(_loops.TextEmbedding)];
        var text = _loops.LanguageModel("language_model", language.TextLayers, false, embeddings, voice.Text);
        var condition = Last(voice.Speech.LastHiddenState);
        var negative = Last(voice.NegativeSpeech.LastHiddenState);
        var textType = _loops.InputType(1);
        for (var taken = 0; End is null && Latents.Count < mostFrames; taken += 5)
        {
            var window = text.Skip(taken).Take(5).ToArray();
            if (voice.Speech.Length + _positive.Count + window.Length > language.MaxPositions)
            {
                End = SpeechEndReason.PositionLimit;
                break;
            }

            if (window.Length > 0)
            {
                _positive.AddRange(window.Select(row => row.Zip(textType, (a, b) => a + b).ToArray()));
                condition = Advance(_positive, voice.Speech);
            }

            for (var i = 0; i < 6 && End is null && Latents.Count < mostFrames; i++)
            {
                var draw = new float[config.Diffusion.LatentSize];
                noise.Fill(Latents.Count, draw);
                var (c, n) = (condition, negative);
                var latent = solver.Solve([.. draw.Select(v => (double)v)], (z, t) => Guided(z, t, c, n, guidance));
                Latents.Add(latent);
                FramesPutOut += EndLogits.Any(logit => logit > 0) ? 0 : 1;
                if (voice.Speech.Length + _positive.Count + 1 > language.MaxPositions)
                {
                    End = SpeechEndReason.PositionLimit;
                    break;
                }

                var speech = _loops.SpeechEmbedding(latent);
                _positive.Add(speech);
                _negative.Add(speech);
                condition = Advance(_positive, voice.Speech);
                negative = Advance(_negative, voice.NegativeSpeech);
                EndLogits.Add(_loops.EndLogit(condition));
            }

            if (EndLogits.Any(logit => logit > 0))
            {
                End = SpeechEndReason.EndOfSpeech;
            }
        }

        return this;

        double[] Last(ReadOnlyMemory<float> rows) =>
            [.. rows.Span[^language.HiddenSize..].ToArray().Select(v => (double)v)];

        double[] Advance(List<double[]> sequence, PresetCache prompt) =>
            _loops.LanguageModel("tts_language_model", language.SpeechLayers, true, [.. sequence], prompt)[^1];
    }

    /// <summary>All frames of some latents at once.</summary>
    public double[] Decode(double[][] latents)
    {
        double scale = _checkpoint.ReadScalar(WeightNames.SpeechScale);
        double bias = _checkpoint.ReadScalar(WeightNames.SpeechBias);
        return _loops.AcousticDecoder([.. latents.Select(row => row.Select(v => (v / scale) - bias).ToArray())]);
    }

    private double[] Guided(double[] z, double timestep, double[] condition, double[] negative, double guidance)
    {
        var with = _loops.DiffusionHead(z, timestep, condition);
        var without = _loops.DiffusionHead(z, timestep, negative);
        return [.. without.Zip(with, (u, c) => u + (guidance * (c - u)))];
    }
}
