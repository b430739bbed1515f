using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Native;

/// <summary>What <see cref="NativeEngine"/> remembers of one stream.</summary>
internal sealed unsafe class NativeStream : EngineStream
{
    private readonly NativeArray<float> _contexts;
    private readonly IReadOnlyList<int> _contextPlaces;
    private readonly int _width;
    private readonly float[] _latent;
    private readonly float[] _condition;
    private readonly float[] _negativeCondition;
    private readonly float[] _textHidden;
    private readonly float[] _speechHidden;
    private float _endLogit;
    private int _tokens;

    /// <param name="config">Sizes.</param>
    /// <param name="voice">What it begins with.</param>
    /// <param name="options">How.</param>
    /// <param name="contextPlaces">Where the contexts of the decoder's convolutions begin, and at last their length.</param>
    public NativeStream(
        ModelConfig config,
        VoicePreset voice,
        SpeechRunOptions options,
        IReadOnlyList<int> contextPlaces
    )
    {
        _width = config.Language.HiddenSize;
        Guidance = options.Guidance;
        Schedule = options.Schedule;
        TextCache = new StreamCache(config.Language, config.Language.TextLayers);
        PositiveCache = new StreamCache(config.Language, config.Language.SpeechLayers);
        NegativeCache = new StreamCache(config.Language, config.Language.SpeechLayers);
        _contextPlaces = contextPlaces;
        _contexts = new NativeArray<float>(contextPlaces[^1]);
        _latent = new float[config.Acoustic.LatentSize];
        PreviousPrediction = new float[_latent.Length];
        _condition = [.. voice.Speech.LastHiddenState.Span[^_width..]];
        _negativeCondition = [.. voice.NegativeSpeech.LastHiddenState.Span[^_width..]];
        _textHidden = new float[SpeechRun.TokensPerWindow * _width];
        _speechHidden = new float[_textHidden.Length];
        try
        {
            TextCache.Prefill(voice.Text);
            PositiveCache.Prefill(voice.Speech);
            NegativeCache.Prefill(voice.NegativeSpeech);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public float Guidance { get; }

    public SolverSchedule Schedule { get; }

    /// <summary>Of <c>language_model</c>.</summary>
    public StreamCache TextCache { get; }

    /// <summary>Of <c>tts_language_model</c>, with the text.</summary>
    public StreamCache PositiveCache { get; }

    /// <summary>Of <c>tts_language_model</c>, without.</summary>
    public StreamCache NegativeCache { get; }

    /// <summary>What the solver's step before predicted, <c>[C]</c>.</summary>
    public float[] PreviousPrediction { get; }

    public override Span<float> Latent => _latent;

    public override Span<float> Condition => _condition;

    public override Span<float> NegativeCondition => _negativeCondition;

    public override float EndLogit => _endLogit;

    public override int Room => Math.Min(TextCache.Room, Math.Min(PositiveCache.Room, NegativeCache.Room));

    public override ReadOnlySpan<float> TextHidden => _textHidden.AsSpan(0, _tokens * _width);

    public override ReadOnlySpan<float> SpeechHidden => _speechHidden.AsSpan(0, _tokens * _width);

    /// <summary>What a convolution of the decoder carries on.</summary>
    public float* Context(int index) => _contexts.Start + _contextPlaces[index];

    public void SetEndLogit(float logit) => _endLogit = logit;

    /// <summary>Keeps what the models made of a window.</summary>
    /// <param name="text"><c>[T, D]</c>, rows padded.</param>
    /// <param name="speech"><c>[T, D]</c>, rows padded.</param>
    /// <param name="tokens">T.</param>
    public void SetText(float* text, float* speech, int tokens)
    {
        _tokens = tokens;
        var stride = Panels.Padded(_width);
        for (var i = 0; i < tokens; i++)
        {
            new ReadOnlySpan<float>(text + ((nint)i * stride), _width).CopyTo(_textHidden.AsSpan(i * _width));
            new ReadOnlySpan<float>(speech + ((nint)i * stride), _width).CopyTo(_speechHidden.AsSpan(i * _width));
        }

        SpeechHidden[^_width..].CopyTo(_condition);
    }

    public override void Dispose()
    {
        TextCache.Dispose();
        PositiveCache.Dispose();
        NegativeCache.Dispose();
        _contexts.Dispose();
    }
}
