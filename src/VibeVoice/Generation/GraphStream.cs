using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>One stream of the graphs: its caches, its decoder's contexts, and every part bound to them.</summary>
internal sealed class GraphStream : EngineStream
{
    private readonly GraphEngine _engine;
    private readonly float _guidance;
    private readonly int _width;
    private readonly List<IDisposable> _owned = [];
    private readonly KeyValueCache _textCache;
    private readonly KeyValueCache _positiveCache;
    private readonly KeyValueCache _negativeCache;
    private readonly TextStep _text;
    private readonly TextStep _speechText;
    private readonly FrameStep _frame;
    private readonly LatentSampler _sampler;
    private readonly SoundDecoder _decoder;
    private readonly float[] _scaled;
    private int _tokens; // of the last window

    public GraphStream(GraphEngine engine, VoicePreset voice, SpeechRunOptions options)
    {
        var config = engine.Config;
        _engine = engine;
        _guidance = options.Guidance;
        _width = config.Language.HiddenSize;
        try
        {
            _textCache = NewCache(config.Language.TextLayers, engine.Precisions.Text, voice.Text);
            _positiveCache = NewCache(config.Language.SpeechLayers, engine.Precisions.Speech, voice.Speech);
            _negativeCache = NewCache(config.Language.SpeechLayers, engine.Precisions.Speech, voice.NegativeSpeech);
            _text = Own(new TextStep(engine.Text, _textCache, _width, SpeechRun.TokensPerWindow));
            _speechText = Own(new TextStep(engine.SpeechText, _positiveCache, _width, SpeechRun.TokensPerWindow));
            _frame = Own(new FrameStep(engine.SpeechFrame, _positiveCache, _negativeCache, config));
            var (conditions, step) = (engine.SamplerConditions, engine.Sampler);
            _sampler = Own(new LatentSampler(conditions, step, options.Schedule, config.Diffusion));
            _decoder = Own(new SoundDecoder(engine, SpeechRun.FramesPerWindow));
        }
        catch
        {
            Dispose();
            throw;
        }

        _scaled = new float[SpeechRun.FramesPerWindow * config.Acoustic.LatentSize];
        voice.Speech.LastHiddenState.Span[^_width..].CopyTo(_sampler.Condition);
        voice.NegativeSpeech.LastHiddenState.Span[^_width..].CopyTo(_sampler.NegativeCondition);

        KeyValueCache NewCache(int layers, ModelPrecision precision, PresetCache prompt)
        {
            var cache = Own(new KeyValueCache(config.Language, layers, engine.Device, precision.ComputeType()));
            cache.Prefill(prompt);
            return cache;
        }
    }

    public override Span<float> Latent => _sampler.Latent;

    public override Span<float> Condition => _sampler.Condition;

    public override Span<float> NegativeCondition => _sampler.NegativeCondition;

    public override float EndLogit => _frame.EndLogit;

    public override int Room => Math.Min(_textCache.Room, Math.Min(_positiveCache.Room, _negativeCache.Room));

    public override ReadOnlySpan<float> TextHidden => _text.Hidden[..(_tokens * _width)];

    public override ReadOnlySpan<float> SpeechHidden => _speechText.Hidden[..(_tokens * _width)];

    public void ReadText(ReadOnlySpan<int> tokens)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            _engine.ReadEmbedding(tokens[i], _text.Embeddings.Slice(i * _width, _width));
        }

        _text.Run(tokens.Length).CopyTo(_speechText.Embeddings);
        _speechText.Run(tokens.Length)[^_width..].CopyTo(Condition);
        _tokens = tokens.Length;
    }

    public void Sample() => _sampler.Sample(_guidance);

    public void Decode(ReadOnlySpan<float> latents, Span<float> samples)
    {
        for (var i = 0; i < latents.Length; i++)
        {
            _scaled[i] = (latents[i] / _engine.ScalingFactor) - _engine.BiasFactor;
        }

        _decoder.Decode(_scaled.AsSpan(0, latents.Length)).CopyTo(samples);
    }

    public void FeedBack()
    {
        _frame.Run(_sampler.Latent);
        _frame.Hidden.CopyTo(Condition);
        _frame.NegativeHidden.CopyTo(NegativeCondition);
    }

    public override void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--) // what is bound to a cache before the cache
        {
            _owned[i].Dispose();
        }
    }

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }
}
