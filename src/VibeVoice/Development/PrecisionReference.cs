using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Development;

/// <summary>The numbers that every part is fed with and compared with, frame by frame.</summary>
internal sealed class PrecisionReference
{
    // Long enough for some hundred frames, and with what speech has: short words and long ones, numbers, pauses.
    private const string Text =
        "On the first day of spring, 24 people met at the old bridge; nobody knew why. \"Wait,\" said the youngest of them, "
        + "\"and listen.\" Under the planks the river went on as it always had, quick and green and full of melted snow, and from "
        + "the far bank came, quite clearly, the sound of someone tuning a violin. ";
    private const ulong Seed = 20;

    private readonly List<float[]> _conditions = [];
    private readonly List<float[]> _latents = [];
    private readonly List<float[]> _audio = [];
    private readonly INoiseSource _noise;
    private readonly int[] _tokens;

    private PrecisionReference(INoiseSource noise, int[] tokens, SpeechRunOptions options)
    {
        _noise = noise;
        _tokens = tokens;
        Options = options;
    }

    public SpeechRunOptions Options { get; }

    public int Frames => _latents.Count;

    /// <summary>The condition, then the negative one, <c>[2 · D]</c>.</summary>
    public ReadOnlySpan<float> Condition(int frame) => _conditions[frame];

    /// <summary>What was sampled, <c>[C]</c>.</summary>
    public float[] Latent(int frame) => _latents[frame];

    /// <summary>What was heard.</summary>
    public ReadOnlySpan<float> Audio(int frame) => _audio[frame];

    /// <summary>The noise that a latent is made of.</summary>
    public void FillNoise(int frame, Span<float> noise) => _noise.Fill(frame, noise);

    /// <summary>The text that is due before a frame; empty inside a window, and when all was read.</summary>
    public ReadOnlySpan<int> Window(int frame)
    {
        var (window, place) = Math.DivRem(frame, SpeechRun.FramesPerWindow);
        var first = Math.Min(window * SpeechRun.TokensPerWindow, _tokens.Length);
        return place == 0 ? _tokens.AsSpan(first, Math.Min(SpeechRun.TokensPerWindow, _tokens.Length - first)) : [];
    }

    /// <summary>Takes what was recorded.</summary>
    /// <exception cref="ModelFormatException">The recording has not all that a part is fed with.</exception>
    /// <exception cref="WeightMismatchException">It is of another checkpoint.</exception>
    public static PrecisionReference Of(RecordedRun recorded, ModelConfig config, int frames)
    {
        var (width, latentSize) = (config.Language.HiddenSize, config.Diffusion.LatentSize);
        var samples = config.Acoustic.SamplesPerFrame;
        var tokens =
            recorded.TokenIds
            ?? throw new ModelFormatException(
                $"'{recorded.Path}' has no 'token_ids', which a part is fed with. Record the run again, with it."
            );
        var reference = new PrecisionReference(
            new RecordedNoise(recorded.Noise.Elements),
            tokens,
            Create(recorded.Guidance, recorded.DiffusionSteps, config)
        );
        var (positive, negative) = (Rows(QuantityNames.Condition, width), Rows(QuantityNames.NegativeCondition, width));
        var (latents, audio) = (Rows(QuantityNames.Latent, latentSize), Rows(QuantityNames.Audio, samples));
        float[][][] all = [positive, negative, latents, audio, [.. recorded.Noise.Elements.Chunk(latentSize)]];
        for (var frame = 0; frame < Math.Min(frames, all.Min(rows => rows.Length)); frame++)
        {
            reference._conditions.Add([.. positive[frame], .. negative[frame]]);
            reference._latents.Add(latents[frame]);
            reference._audio.Add(audio[frame]);
        }

        return reference;

        float[][] Rows(string name, int size)
        {
            var numbers =
                recorded.Quantities.FirstOrDefault(numbers => numbers.Name == name)
                ?? throw new ModelFormatException(
                    $"'{recorded.Path}' has no '{name}', which a part is fed with or compared with. Record the run again, with it."
                );
            numbers.RowsOf(size);
            return [.. numbers.Elements.Chunk(size)];
        }
    }

    /// <summary>Lets exact weights speak.</summary>
    /// <exception cref="ModelFormatException">The model has no room for so many frames.</exception>
    public static PrecisionReference Speak(
        SpeechEngine exact,
        VoicePreset voice,
        Func<string, IReadOnlyList<int>> tokenize,
        int frames,
        CancellationToken cancellationToken
    )
    {
        var reference = new PrecisionReference(
            new SeededNoise(Seed),
            [.. tokenize(Text)],
            Create(guidance: null, steps: null, exact.Config)
        );
        using var stream = exact.Open(voice, reference.Options);
        var samples = new float[exact.Config.Acoustic.SamplesPerFrame];
        for (var frame = 0; frame < frames; frame++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var window = reference.Window(frame);
            if (window.Length + 1 > stream.Room)
            {
                throw new ModelFormatException(
                    $"The model's context is full after {frame} frames, but {frames} were asked for. Ask for fewer."
                );
            }

            if (!window.IsEmpty)
            {
                exact.ReadText(stream, window);
            }

            reference._conditions.Add([.. stream.Condition, .. stream.NegativeCondition]);
            reference.FillNoise(frame, stream.Latent);
            exact.Sample([stream]);
            float[] latent = [.. stream.Latent];
            reference._latents.Add(latent);
            exact.Decode([new DecoderWork(stream, latent, samples)]);
            reference._audio.Add([.. samples]);
            exact.FeedBack([stream]);
        }

        return reference;
    }

    private static SpeechRunOptions Create(float? guidance, int? steps, ModelConfig config)
    {
        try
        {
            var usual = new SpeakOptions();
            var options = usual with { Guidance = guidance ?? usual.Guidance, DiffusionSteps = steps };
            return SpeechRunOptions.Create(options, config.Diffusion);
        }
        catch (ArgumentException exception)
        {
            throw new ModelFormatException($"The run cannot be repeated: {exception.Message}", exception);
        }
    }
}
