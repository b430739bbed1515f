using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;

namespace VibeVoice.Native;

/// <summary>The model on the processor, in kernels of our own: weights of 8 or 4 bits, rows of all streams together.</summary>
/// <remarks>Attention, norms, activations and the solver are float32; see docs/decisions/0013-native-engine.md.</remarks>
internal sealed unsafe class NativeEngine : SpeechEngine
{
    private const string ConnectorPath = "model.acoustic_connector";
    private const string EndPath = "tts_eos_classifier";
    private const float ConnectorNormEpsilon = 1e-6f; // written into the reference's code, not into its configuration

    private readonly Checkpoint _checkpoint;
    private readonly NativeWeights _weights;
    private readonly WorkerPool _pool;
    private readonly LinearJob _linear;
    private readonly LanguageStack _text;
    private readonly LanguageStack _speech;
    private readonly NativeSampler _sampler;
    private readonly NativeDecoder _decoder;
    private readonly float* _speechNorm;
    private readonly float* _speechType;
    private readonly float* _textType;
    private readonly LinearLayer _connectorFirst;
    private readonly float* _connectorNorm;
    private readonly LinearLayer _connectorSecond;
    private readonly LinearLayer _endFirst;
    private readonly LinearLayer _endSecond;
    private readonly float _endBias;
    private readonly int _width;
    private readonly Activations _activations = new();
    private readonly ScratchBuffer<float> _x = new();
    private readonly ScratchBuffer<float> _y = new();
    private readonly ScratchBuffer<float> _latents = new();
    private AttentionRow[] _rows = new AttentionRow[SpeechRun.TokensPerWindow];
    private bool _ownsCheckpoint;

    private NativeEngine(Checkpoint checkpoint, NativeOptions options, CancellationToken cancellationToken)
    {
        Config = checkpoint.Config;
        Precisions = options.Precisions;
        _checkpoint = checkpoint;
        _width = Panels.Padded(Config.Language.HiddenSize);
        _pool = new WorkerPool(options.Threads);
        _linear = new LinearJob(_pool.Side);
        _weights = new NativeWeights(checkpoint);
        var (width, language) = (Config.Language.HiddenSize, Config.Language);
        _text = new LanguageStack(
            "model.language_model",
            language.TextLayers,
            language,
            Format(Precisions.Text),
            _weights,
            _pool.Side,
            _linear
        );
        _speech = new LanguageStack(
            "model.tts_language_model",
            language.SpeechLayers,
            language,
            Format(Precisions.Speech),
            _weights,
            _pool.Side,
            _linear
        );
        _sampler = new NativeSampler(Config.Diffusion, Format(Precisions.Sampler), _weights, _linear);
        _decoder = new NativeDecoder(
            Config.Acoustic,
            Format(Precisions.Decoder),
            checkpoint.ReadScalar(WeightNames.SpeechScale),
            checkpoint.ReadScalar(WeightNames.SpeechBias),
            _weights,
            _pool.Main,
            new LinearJob(_pool.Main)
        );
        _speechNorm = _weights.Vector("model.tts_language_model.norm.weight", width);
        _speechType = InputType(0);
        _textType = InputType(1);
        var exact = _weights.Exact; // small, and all depends on them
        _connectorFirst = _weights.Linear(exact, $"{ConnectorPath}.fc1", Config.Acoustic.LatentSize, width, true);
        _connectorNorm = _weights.Vector($"{ConnectorPath}.norm.weight", width);
        _connectorSecond = _weights.Linear(exact, $"{ConnectorPath}.fc2", width, width, true);
        _endFirst = _weights.Linear(exact, $"{EndPath}.fc1", width, width, true);
        _endSecond = _weights.Linear(exact, $"{EndPath}.fc2", width, 1);
        _endBias = options.EndOfSpeechBias ?? checkpoint.ReadScalar(WeightNames.EndOfSpeechBias);
        try
        {
            _weights.Compile(
                options.CompiledFolder,
                checkpoint.Folder,
                Precisions.Describe(),
                options.Log,
                cancellationToken
            );
        }
        catch
        {
            Free();
            throw;
        }

        PanelFormat Format(ModelPrecision precision) =>
            precision switch
            {
                ModelPrecision.Int8 => PanelFormat.Int8,
                ModelPrecision.Int4 => PanelFormat.Int4,
                _ => _weights.Exact,
            };

        float* InputType(int kind)
        {
            const string name = "model.tts_input_types.weight";
            var row = _weights.NewVector(width);
            checkpoint.ReadRow(name, kind, [2, width], new Span<float>(row, width));
            return row;
        }
    }

    public override ModelConfig Config { get; }

    public override PartPrecisions Precisions { get; }

    /// <summary>A prompt is copied into memory that no call uses.</summary>
    public override bool OpensBesideCalls => true;

    /// <summary>Opens a checkpoint folder, which stays mapped as long as the engine lives.</summary>
    public static NativeEngine Open(string folder, NativeOptions options, CancellationToken cancellationToken)
    {
        var checkpoint = Checkpoint.Open(folder);
        try
        {
            return new NativeEngine(checkpoint, options, cancellationToken) { _ownsCheckpoint = true };
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Opens a checkpoint that outlives the engine.</summary>
    public static NativeEngine Load(
        Checkpoint checkpoint,
        NativeOptions options,
        CancellationToken cancellationToken
    ) => new(checkpoint, options, cancellationToken);

    /// <summary>Bytes of the panels of all layers whose names begin so.</summary>
    public long WeightBytesOf(string root) => _weights.BytesOf(root);

    public override EngineStream Open(VoicePreset voice, SpeechRunOptions options) =>
        new NativeStream(Config, voice, options, _decoder.ContextPlaces);

    public override void ReadText(EngineStream stream, ReadOnlySpan<int> tokens)
    {
        var own = (NativeStream)stream;
        var count = tokens.Length;
        var x = _x.Take((long)count * _width);
        var y = _y.Take((long)count * _width);
        for (var i = 0; i < count; i++)
        {
            _checkpoint.ReadEmbedding(tokens[i], new Span<float>(x + ((nint)i * _width), Config.Language.HiddenSize));
        }

        Forward(_text, own.TextCache, x, count);
        Rows.Copy(x, y, count * _width);
        for (var i = 0; i < count; i++)
        {
            VectorMath.Add(y + ((nint)i * _width), _textType, Config.Language.HiddenSize);
        }

        Forward(_speech, own.PositiveCache, y, count);
        Norm(y, count);
        own.SetText(x, y, count);
    }

    public override void Sample(ReadOnlySpan<EngineStream> streams) => _sampler.Sample(streams);

    public override void Decode(ReadOnlySpan<DecoderWork> work) => _decoder.Decode(work);

    /// <summary>They share no layer and no memory; one is mostly arithmetic where the other is mostly memory.</summary>
    public override void RunBoth(Action feedBack, Action decode) => _pool.RunBoth(feedBack, decode);

    public override void FeedBack(ReadOnlySpan<EngineStream> streams)
    {
        var count = streams.Length;
        var latents = _latents.Take((long)count * Panels.Padded(Config.Acoustic.LatentSize));
        for (var i = 0; i < count; i++)
        {
            var row = latents + ((nint)i * Panels.Padded(Config.Acoustic.LatentSize));
            streams[i].Latent.CopyTo(new Span<float>(row, Config.Acoustic.LatentSize));
        }

        var x = _x.Take(2L * count * _width);
        Connect(latents, count, x);
        if (_rows.Length < 2 * count)
        {
            _rows = new AttentionRow[2 * count];
        }

        for (var i = 0; i < count; i++)
        {
            var stream = (NativeStream)streams[i];
            _rows[2 * i] = new AttentionRow(stream.PositiveCache, stream.PositiveCache.Length++);
            _rows[(2 * i) + 1] = new AttentionRow(stream.NegativeCache, stream.NegativeCache.Length++);
        }

        _speech.Forward(x, _rows, 2 * count);
        Norm(x, 2 * count);
        for (var i = 0; i < count; i++)
        {
            var positive = new ReadOnlySpan<float>(x + ((nint)2 * i * _width), Config.Language.HiddenSize);
            positive.CopyTo(streams[i].Condition);
            new ReadOnlySpan<float>(x + ((nint)((2 * i) + 1) * _width), positive.Length).CopyTo(
                streams[i].NegativeCondition
            );
        }

        JudgeEnds(streams, x);
    }

    protected override void Free()
    {
        _pool.Dispose();
        _text.Dispose();
        _speech.Dispose();
        _sampler.Dispose();
        _decoder.Dispose();
        _activations.Dispose();
        _x.Dispose();
        _y.Dispose();
        _latents.Dispose();
        _weights.Dispose();
        if (_ownsCheckpoint)
        {
            _checkpoint.Dispose();
        }
    }

    /// <summary>Rows that follow each other in one sequence.</summary>
    private void Forward(LanguageStack stack, StreamCache cache, float* x, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _rows[i] = new AttentionRow(cache, cache.Length + i);
        }

        stack.Forward(x, _rows, count);
        cache.Length += count;
    }

    private void Norm(float* x, int count)
    {
        var (width, epsilon) = (Config.Language.HiddenSize, Config.Language.RmsNormEpsilon);
        for (var i = 0; i < count; i++)
        {
            var row = x + ((nint)i * _width);
            VectorMath.RmsNorm(row, _speechNorm, row, width, epsilon);
        }
    }

    /// <summary>fc2(norm(fc1(latent))) + the type of speech, twice: for the positive and the negative row of each stream.</summary>
    private void Connect(float* latents, int count, float* x)
    {
        var (width, stride) = (Config.Language.HiddenSize, Panels.Padded(Config.Acoustic.LatentSize));
        var y = _y.Take(2L * count * _width);
        Run(_connectorFirst, latents, stride, count, y, _width, Finish.Store);
        for (var i = 0; i < count; i++)
        {
            var row = y + ((nint)i * _width);
            VectorMath.RmsNorm(row, _connectorNorm, row, width, ConnectorNormEpsilon);
        }

        Run(_connectorSecond, y, _width, count, x, 2 * _width, Finish.Store);
        for (var i = 0; i < count; i++)
        {
            var row = x + ((nint)2 * i * _width);
            VectorMath.Add(row, _speechType, width);
            Rows.Copy(row, row + _width, _width);
        }
    }

    private void JudgeEnds(ReadOnlySpan<EngineStream> streams, float* hidden)
    {
        var count = streams.Length;
        var inner = _y.Take((long)count * (_width + Panels.Outputs));
        var logits = inner + ((nint)count * _width);
        Run(_endFirst, hidden, 2 * _width, count, inner, _width, Finish.Relu); // the positive rows decide
        Run(_endSecond, inner, _width, count, logits, Panels.Outputs, Finish.Store);
        for (var i = 0; i < count; i++)
        {
            ((NativeStream)streams[i]).SetEndLogit(logits[i * Panels.Outputs] + _endBias);
        }
    }

    private void Run(LinearLayer layer, float* x, int xStride, int rows, float* y, int yStride, Finish finish) =>
        _linear.Run(layer, _activations.Set(layer.Format, x, xStride, rows, layer.Inputs), y, yStride, finish);
}

/// <summary>How a native engine runs.</summary>
/// <param name="Threads">From 1.</param>
/// <param name="Precisions">Of each part: float32 (which is exact), int8 or int4.</param>
/// <param name="EndOfSpeechBias">Takes the place of the checkpoint's, for recorded runs.</param>
/// <param name="CompiledFolder">Where weights are kept as they are computed with; null for memory.</param>
/// <param name="Log">Told what takes long.</param>
internal sealed record NativeOptions(
    int Threads,
    PartPrecisions Precisions,
    float? EndOfSpeechBias = null,
    string? CompiledFolder = null,
    Action<string>? Log = null
);
