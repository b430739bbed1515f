using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>One request: its caches, its decoder's state, and the loop of windows, one frame at a call.</summary>
/// <remarks>
/// Windows of up to five text tokens and six frames, as the model was trained. Computes on the calling thread, which
/// holds the turn. Not thread-safe. The voice is copied from, never written to.
/// </remarks>
internal sealed class SpeechRun : IDisposable
{
    public const int TokensPerWindow = 5;
    public const int FramesPerWindow = 6;

    private readonly Engine _engine;
    private readonly float _guidance;
    private readonly INoiseSource _noise;
    private readonly int _firstFrame;
    private readonly KeyValueCache _textCache;
    private readonly KeyValueCache _positiveCache;
    private readonly KeyValueCache _negativeCache;
    private readonly TextStep _text;
    private readonly TextStep _speechText;
    private readonly FrameStep _frame;
    private readonly LatentSampler _sampler;
    private readonly SoundDecoder _decoder;
    private readonly float[] _scaled;
    private float[] _samples = [];
    private int _textOfWindow; // tokens
    private int _frameOfWindow;
    private bool _speechHasEnded;

    /// <param name="firstFrame">Number of its first frame in the whole speech, from which the noise follows.</param>
    public SpeechRun(Engine engine, VoicePreset voice, SpeechRunOptions options, int firstFrame = 0)
    {
        var config = engine.Config;
        var width = config.Language.HiddenSize;
        _engine = engine;
        _guidance = options.Guidance;
        _noise = options.Noise;
        _firstFrame = firstFrame;
        _textCache = NewCache(config.Language.TextLayers, engine.Precisions.Text);
        _positiveCache = NewCache(config.Language.SpeechLayers, engine.Precisions.Speech);
        _negativeCache = NewCache(config.Language.SpeechLayers, engine.Precisions.Speech);
        _textCache.Prefill(voice.Text);
        _positiveCache.Prefill(voice.Speech);
        _negativeCache.Prefill(voice.NegativeSpeech);
        _text = new TextStep(engine.Text, _textCache, width, TokensPerWindow);
        _speechText = new TextStep(engine.SpeechText, _positiveCache, width, TokensPerWindow);
        _frame = new FrameStep(engine.SpeechFrame, _positiveCache, _negativeCache, config);
        _sampler = new LatentSampler(engine.SamplerConditions, engine.Sampler, options.Schedule, config.Diffusion);
        _decoder = new SoundDecoder(engine);
        _scaled = new float[config.Acoustic.LatentSize];
        voice.Speech.LastHiddenState.Span[^width..].CopyTo(_sampler.Condition);
        voice.NegativeSpeech.LastHiddenState.Span[^width..].CopyTo(_sampler.NegativeCondition);

        KeyValueCache NewCache(int layers, ModelPrecision precision) =>
            new(config.Language, layers, engine.Device, precision.ComputeType());
    }

    /// <summary>Whether the next window begins, and its text is due.</summary>
    public bool NeedsText => _frameOfWindow == 0 && End is null;

    /// <summary>Why there will be no more frames; null while there will.</summary>
    public SpeechEndReason? End { get; private set; }

    /// <summary>Whether the frame that was put out last is the last one to be.</summary>
    public bool HasPutOutLast => _speechHasEnded || End is not null;

    /// <summary>How many more tokens, or frames, the model has room for.</summary>
    public int Room => Math.Min(_textCache.Room, _positiveCache.Room);

    public int FramesComputed { get; private set; }

    public int FramesPutOut { get; private set; }

    /// <summary>The last latent, <c>[C]</c>.</summary>
    public ReadOnlySpan<float> Latent => _sampler.Latent;

    /// <summary>Condition of the next latent, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> Condition => _sampler.Condition;

    /// <summary>Negative condition of the next latent, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> NegativeCondition => _sampler.NegativeCondition;

    /// <summary>Samples of the last frame, also of one after the end of speech; for those who compare.</summary>
    public ReadOnlySpan<float> Samples => _samples;

    public float EndLogit => _frame.EndLogit;

    /// <summary>What the text model made of the last window, <c>[T, D]</c>; for those who compare.</summary>
    public ReadOnlySpan<float> TextHidden => _text.Hidden[..(_textOfWindow * _engine.Config.Language.HiddenSize)];

    /// <summary>What the speech model made of that, <c>[T, D]</c>.</summary>
    public ReadOnlySpan<float> SpeechHidden =>
        _speechText.Hidden[..(_textOfWindow * _engine.Config.Language.HiddenSize)];

    /// <summary>Reads the text of the window that begins; an empty one when the text is exhausted.</summary>
    public void ReadText(ReadOnlySpan<int> tokens)
    {
        _textOfWindow = 0;
        if (tokens.IsEmpty)
        {
            return;
        }

        if (!_textCache.HasRoomFor(tokens.Length) || !_positiveCache.HasRoomFor(tokens.Length))
        {
            End = SpeechEndReason.PositionLimit;
            return;
        }

        using var timing = VibeVoiceMetrics.Time("text");
        var width = _engine.Config.Language.HiddenSize;
        for (var i = 0; i < tokens.Length; i++)
        {
            _engine.ReadEmbedding(tokens[i], _text.Embeddings.Slice(i * width, width));
        }

        var textHidden = _text.Run(tokens.Length);
        textHidden.CopyTo(_speechText.Embeddings);
        var speechHidden = _speechText.Run(tokens.Length);
        speechHidden[^width..].CopyTo(_sampler.Condition);
        _textOfWindow = tokens.Length;
    }

    /// <summary>Computes the next frame.</summary>
    /// <returns>Its samples as the decoder made them, or null for a frame after the end of speech.</returns>
    /// <remarks>
    /// The reference computes to the end of the window in which speech ended, and so do we: the counts agree, and a
    /// caller has the last frame long before.
    /// </remarks>
    public float[]? NextFrame()
    {
        Sample();
        _samples = Decode();
        var isPutOut = !_speechHasEnded;
        FramesComputed++;
        FramesPutOut += isPutOut ? 1 : 0;
        FeedBack();
        _frameOfWindow = (_frameOfWindow + 1) % FramesPerWindow;
        if (_frameOfWindow == 0 && _speechHasEnded)
        {
            End ??= SpeechEndReason.EndOfSpeech;
        }

        return isPutOut ? _samples : null;
    }

    /// <summary>Ends the run where it is.</summary>
    public void Stop(SpeechEndReason reason) => End ??= reason;

    public void Dispose()
    {
        _text.Dispose();
        _speechText.Dispose();
        _frame.Dispose();
        _sampler.Dispose();
        _decoder.Dispose();
        _textCache.Dispose();
        _positiveCache.Dispose();
        _negativeCache.Dispose();
    }

    private void Sample()
    {
        using var timing = VibeVoiceMetrics.Time("sampler");
        _noise.Fill(_firstFrame + FramesComputed, _sampler.Latent);
        _sampler.Sample(_guidance);
    }

    private float[] Decode()
    {
        using var timing = VibeVoiceMetrics.Time("decoder");
        var latent = _sampler.Latent;
        for (var i = 0; i < latent.Length; i++)
        {
            _scaled[i] = (latent[i] / _engine.ScalingFactor) - _engine.BiasFactor;
        }

        return _decoder.Decode(_scaled).ToArray();
    }

    private void FeedBack()
    {
        if (!_positiveCache.HasRoomFor(1) || !_negativeCache.HasRoomFor(1))
        {
            End = _speechHasEnded ? SpeechEndReason.EndOfSpeech : SpeechEndReason.PositionLimit;
            return;
        }

        using var timing = VibeVoiceMetrics.Time("speech_step");
        _frame.Run(_sampler.Latent);
        _frame.Hidden.CopyTo(_sampler.Condition);
        _frame.NegativeHidden.CopyTo(_sampler.NegativeCondition);
        _speechHasEnded |= _frame.EndLogit > 0;
    }
}
