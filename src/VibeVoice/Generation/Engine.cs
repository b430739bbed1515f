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

    private readonly Checkpoint _checkpoint;
    private readonly WeightStore _weights;
    private readonly PrePackedWeightsContainer _packed = new();
    private readonly List<OnnxSession> _sessions = [];
    private bool _ownsCheckpoint;
    private int _users = 1;

    private Engine(Checkpoint checkpoint, EngineOptions options, CancellationToken cancellationToken)
    {
        Config = checkpoint.Config;
        _checkpoint = checkpoint;
        Precisions = options.Precisions ?? PartPrecisions.All(ModelPrecision.Float32);
        Device = options.OpenDevice?.Invoke() ?? HostDevice.Instance;
        _weights = new WeightStore(checkpoint, Device);
        try
        {
            var (text, speech) = (Precisions.Text, Precisions.Speech);
            ScalingFactor = checkpoint.ReadScalar("model.speech_scaling_factor");
            BiasFactor = checkpoint.ReadScalar("model.speech_bias_factor");
            Text = Open(ModelGraphs.Text(Config, Attention(text), text, Linear(text)));
            SpeechText = Open(ModelGraphs.SpeechText(Config, Attention(speech), speech, Linear(speech)));
            SpeechFrame = Open(
                ModelGraphs.SpeechFrame(Config, Attention(speech), speech, options.EndOfSpeechBias, Linear(speech))
            );
            var sampler = Precisions.Sampler;
            SamplerConditions = Open(new SamplerConditions(Config.Diffusion).Build(sampler, Linear(sampler)));
            Sampler = Open(new SamplerStep(Config.Diffusion).Build(sampler, Linear(sampler)));
            var decoder = new AcousticDecoder(Config.Acoustic).Build(Precisions.Decoder, Linear(Precisions.Decoder));
            DecoderState = decoder.State;
            Decoder = Open(decoder.Graph);
        }
        catch
        {
            Free();
            throw;
        }

        AttentionKernel Attention(ModelPrecision precision) =>
            options.Kernel ?? AttentionKernels.For(Config.Language, precision, Device.IsHost);

        LinearKernel Linear(ModelPrecision precision) =>
            precision != ModelPrecision.Float32 || !Device.IsHost ? LinearKernel.Packed
            : options.Linear is { } asked ? asked
            : checkpoint.HasBFloat16Matrices ? LinearKernel.Streamed
            : LinearKernel.Packed;

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

    public OnnxSession SamplerConditions { get; }

    public OnnxSession Sampler { get; }

    public OnnxSession Decoder { get; }

    public DecoderState DecoderState { get; }

    /// <summary>A latent is divided by it before it is decoded…</summary>
    public float ScalingFactor { get; }

    /// <summary>…and this is subtracted from the quotient.</summary>
    public float BiasFactor { get; }

    /// <summary>Opens a checkpoint folder, which stays mapped as long as the engine lives.</summary>
    public static Engine Open(string folder, EngineOptions options, CancellationToken cancellationToken)
    {
        var checkpoint = Checkpoint.Open(folder);
        try
        {
            return new Engine(checkpoint, options, cancellationToken) { _ownsCheckpoint = true };
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Opens all graphs on a checkpoint that outlives the engine.</summary>
    public static Engine Load(Checkpoint checkpoint, EngineOptions options, CancellationToken cancellationToken) =>
        new(checkpoint, options, cancellationToken);

    /// <summary>The row of one token in <c>embed_tokens</c>, <c>[D]</c>.</summary>
    public void ReadEmbedding(int token, Span<float> row)
    {
        var width = Config.Language.HiddenSize;
        if ((uint)token >= (uint)Config.Language.VocabularySize)
        {
            throw new ModelFormatException(
                $"The tokenizer made token {token}, but the model has {Config.Language.VocabularySize}. "
                    + "Use the tokenizer that the checkpoint names."
            );
        }

        _checkpoint.ReadRow(EmbeddingName, token, [Config.Language.VocabularySize, width], row);
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
        if (_ownsCheckpoint)
        {
            _checkpoint.Dispose();
        }

        Device.Dispose();
    }
}

/// <summary>How an engine runs.</summary>
/// <param name="Threads">Threads of one run.</param>
/// <param name="EndOfSpeechBias">Takes the place of the checkpoint's, for recorded runs.</param>
/// <param name="Kernel">Which attention; by head size, precision and device when null.</param>
/// <param name="Precisions">Float32 when null.</param>
/// <param name="OpenDevice">Opens the device to compute on, which the engine then owns; the host when null.</param>
/// <param name="Linear">What computes linear layers in float32; by the checkpoint's type and the device when null.</param>
internal sealed record EngineOptions(
    int Threads,
    float? EndOfSpeechBias = null,
    AttentionKernel? Kernel = null,
    PartPrecisions? Precisions = null,
    Func<IDevice>? OpenDevice = null,
    LinearKernel? Linear = null
);
