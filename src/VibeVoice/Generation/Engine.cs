using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>What all requests of a model share and none of them changes: weights, sessions, scalars.</summary>
/// <remarks>
/// Counts who uses it, and is freed by the last: a model may be disposed while a request is inside a frame.
/// Runs must not overlap; <see cref="FairTurns"/> sees to it.
/// </remarks>
internal sealed class Engine : IDisposable
{
    private const string EmbeddingName = "model.language_model.embed_tokens.weight";

    private readonly WeightStore _weights;
    private readonly PrePackedWeightsContainer _packed = new();
    private readonly List<OnnxSession> _sessions = [];
    private readonly NativeTensor _embeddings;
    private int _users = 1;

    private Engine(Checkpoint checkpoint, EngineOptions options, CancellationToken cancellationToken)
    {
        Config = checkpoint.Config;
        Precisions = options.Precisions ?? PartPrecisions.All(ModelPrecision.Float32);
        Device = options.OpenDevice?.Invoke() ?? HostDevice.Instance;
        _weights = new WeightStore(checkpoint, Device);
        try
        {
            _embeddings = _weights.OnHost(
                Weight.Stored(EmbeddingName, Config.Language.VocabularySize, Config.Language.HiddenSize)
            );
            ScalingFactor = checkpoint.ReadScalar("model.speech_scaling_factor");
            BiasFactor = checkpoint.ReadScalar("model.speech_bias_factor");
            Text = Open(ModelGraphs.Text(Config, Kernel(Precisions.Text), Precisions.Text));
            SpeechText = Open(ModelGraphs.SpeechText(Config, Kernel(Precisions.Speech), Precisions.Speech));
            SpeechFrame = Open(
                ModelGraphs.SpeechFrame(Config, Kernel(Precisions.Speech), Precisions.Speech, options.EndOfSpeechBias)
            );
            Sampler = Open(new SamplerStep(Config.Diffusion).Build(Precisions.Sampler));
            var decoder = new AcousticDecoder(Config.Acoustic).Build(Precisions.Decoder);
            DecoderState = decoder.State;
            Decoder = Open(decoder.Graph);
        }
        catch
        {
            Free();
            throw;
        }

        AttentionKernel Kernel(ModelPrecision precision) =>
            options.Kernel ?? AttentionKernels.For(Config.Language, precision, Device.IsHost);

        OnnxSession Open(OnnxGraph graph)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var session = new OnnxSession(graph, _weights, _packed, options.Threads);
            _sessions.Add(session);
            return session;
        }
    }

    public ModelConfig Config { get; }

    /// <summary>Where it computes, and what lasts between runs is kept.</summary>
    public IDevice Device { get; }

    public PartPrecisions Precisions { get; }

    public OnnxSession Text { get; }

    public OnnxSession SpeechText { get; }

    public OnnxSession SpeechFrame { get; }

    public OnnxSession Sampler { get; }

    public OnnxSession Decoder { get; }

    public DecoderState DecoderState { get; }

    /// <summary>A latent is divided by it before it is decoded…</summary>
    public float ScalingFactor { get; }

    /// <summary>…and this is subtracted from the quotient.</summary>
    public float BiasFactor { get; }

    /// <summary>Reads all weights and opens all graphs; takes seconds for a real checkpoint.</summary>
    public static Engine Load(Checkpoint checkpoint, EngineOptions options, CancellationToken cancellationToken) =>
        new(checkpoint, options, cancellationToken);

    /// <summary>The row of one token in <c>embed_tokens</c>, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> Embedding(int token)
    {
        var width = Config.Language.HiddenSize;
        if ((uint)token >= (uint)Config.Language.VocabularySize)
        {
            throw new ModelFormatException(
                $"The tokenizer made token {token}, but the model has {Config.Language.VocabularySize}. "
                    + "Use the tokenizer that the checkpoint names."
            );
        }

        return _embeddings.Floats.Slice(token * width, width);
    }

    /// <returns>False when the last user has already left.</returns>
    public bool TryEnter()
    {
        for (var users = Volatile.Read(ref _users); users > 0; )
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>To be called once by the owner, and once for every <see cref="TryEnter"/>.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Free();
        }
    }

    private void Free()
    {
        _sessions.ForEach(session => session.Dispose());
        _packed.Dispose();
        _weights.Dispose();
        Device.Dispose();
    }
}

/// <summary>How an engine runs.</summary>
/// <param name="Threads">Threads of one run.</param>
/// <param name="EndOfSpeechBias">Takes the place of the checkpoint's, for recorded runs.</param>
/// <param name="Kernel">Which attention; by head size, precision and device when null.</param>
/// <param name="Precisions">Float32 when null.</param>
/// <param name="OpenDevice">Opens the device to compute on, which the engine then owns; the host when null.</param>
internal sealed record EngineOptions(
    int Threads,
    float? EndOfSpeechBias = null,
    AttentionKernel? Kernel = null,
    PartPrecisions? Precisions = null,
    Func<IDevice>? OpenDevice = null
);
