using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>Feeds a latent back to <c>tts_language_model</c>, on the positive and the negative cache.</summary>
internal sealed class FrameStep : IDisposable
{
    private readonly OnnxSession _session;
    private readonly KeyValueCache _positive;
    private readonly KeyValueCache _negative;
    private readonly int _width;
    private readonly NativeTensor _latent;
    private readonly NativeTensor _hidden;
    private readonly NativeTensor _endLogit = NativeTensor.OfFloats(1, 1);
    private readonly OnnxBinding _binding;

    public FrameStep(OnnxSession session, KeyValueCache positive, KeyValueCache negative, ModelConfig config)
    {
        _session = session;
        _positive = positive;
        _negative = negative;
        _width = config.Language.HiddenSize;
        _latent = NativeTensor.OfFloats(1, 1, config.Acoustic.LatentSize);
        _hidden = NativeTensor.OfFloats(2, 1, _width);
        _binding = session.CreateBinding();
        positive.Bind(_binding, ModelGraphs.Positive);
        negative.Bind(_binding, ModelGraphs.Negative);
        _binding.BindInput(ModelGraphs.Latent, _latent.OrtValue);
        _binding.BindOutput(ModelGraphs.Hidden, _hidden.OrtValue);
        _binding.BindOutput(ModelGraphs.EndLogit, _endLogit.OrtValue);
    }

    /// <summary>Last row of the positive branch, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> Hidden => _hidden.Floats[.._width];

    /// <summary>Last row of the negative branch, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> NegativeHidden => _hidden.Floats[_width..];

    /// <summary>Above 0 (a probability above one half) the speech has ended.</summary>
    public float EndLogit => _endLogit.Floats[0];

    public void Run(ReadOnlySpan<float> latent)
    {
        latent.CopyTo(_latent.Floats);
        _positive.Announce(1);
        _negative.Announce(1);
        _session.Run(_binding);
        _positive.Advance(1);
        _negative.Advance(1);
    }

    public void Dispose()
    {
        _binding.Dispose();
        _latent.Dispose();
        _hidden.Dispose();
        _endLogit.Dispose();
    }
}
