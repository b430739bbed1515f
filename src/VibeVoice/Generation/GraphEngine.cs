using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>The model as graphs of ONNX Runtime: what all streams share and none of them changes.</summary>
/// <remarks>
/// For CUDA and for float16. A graph is for one stream: streams that share a call are computed one after another.
/// </remarks>
internal sealed class GraphEngine : SpeechEngine
{
    private readonly Checkpoint _checkpoint;
    private readonly WeightStore _weights;
    private readonly PrePackedWeightsContainer _packed = new();
    private readonly List<OnnxSession> _sessions = [];
    private bool _ownsCheckpoint;

    private GraphEngine(Checkpoint checkpoint, EngineOptions options, CancellationToken cancellationToken)
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
            Text = OpenGraph(ModelGraphs.Text(Config, Attention(text), text));
            SpeechText = OpenGraph(ModelGraphs.SpeechText(Config, Attention(speech), speech));
            SpeechFrame = OpenGraph(
                ModelGraphs.SpeechFrame(Config, Attention(speech), speech, options.EndOfSpeechBias)
            );
            var sampler = Precisions.Sampler;
            SamplerConditions = OpenGraph(new SamplerConditions(Config.Diffusion).Build(sampler));
            Sampler = OpenGraph(new SamplerStep(Config.Diffusion).Build(sampler));
            var decoder = new AcousticDecoder(Config.Acoustic).Build(Precisions.Decoder);
            DecoderState = decoder.State;
            Decoder = OpenGraph(decoder.Graph);
        }
        catch
        {
            Free();
            throw;
        }

        AttentionKernel Attention(ModelPrecision precision) =>
            options.Kernel ?? AttentionKernels.For(Config.Language, precision, Device.IsHost);

        OnnxSession OpenGraph(OnnxGraph graph)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var session = new OnnxSession(graph, _weights, _packed, options.Threads);
            _sessions.Add(session);
            return session;
        }
    }

    public override ModelConfig Config { get; }

    /// <summary>Where it computes, and what lasts between runs is kept.</summary>
    public IDevice Device { get; }

    public override PartPrecisions Precisions { get; }

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
    public static GraphEngine Open(string folder, EngineOptions options, CancellationToken cancellationToken)
    {
        var checkpoint = Checkpoint.Open(folder);
        try
        {
            return new GraphEngine(checkpoint, options, cancellationToken) { _ownsCheckpoint = true };
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Opens all graphs on a checkpoint that outlives the engine.</summary>
    public static GraphEngine Load(Checkpoint checkpoint, EngineOptions options, CancellationToken cancellationToken) =>
        new(checkpoint, options, cancellationToken);

    /// <inheritdoc cref="Checkpoint.ReadEmbedding"/>
    public void ReadEmbedding(int token, Span<float> row) => _checkpoint.ReadEmbedding(token, row);

    /// <summary>The prompt is copied into memory that no session knows yet.</summary>
    public override bool OpensBesideCalls => true;

    public override EngineStream Open(VoicePreset voice, SpeechRunOptions options) =>
        new GraphStream(this, voice, options);

    public override void ReadText(EngineStream stream, ReadOnlySpan<int> tokens) => Own(stream).ReadText(tokens);

    public override void Sample(ReadOnlySpan<EngineStream> streams)
    {
        foreach (var stream in streams)
        {
            Own(stream).Sample();
        }
    }

    public override void Decode(ReadOnlySpan<DecoderWork> work)
    {
        foreach (var part in work)
        {
            Own(part.Stream).Decode(part.Latents.Span, part.Samples.Span);
        }
    }

    public override void FeedBack(ReadOnlySpan<EngineStream> streams)
    {
        foreach (var stream in streams)
        {
            Own(stream).FeedBack();
        }
    }

    protected override void Free()
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

    private static GraphStream Own(EngineStream stream) => (GraphStream)stream;
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
