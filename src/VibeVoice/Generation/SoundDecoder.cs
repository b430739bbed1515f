using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>Decodes the latents of one request in order; what its convolutions remember is kept in place.</summary>
internal sealed class SoundDecoder : IDisposable
{
    private readonly OnnxSession _session;
    private readonly AcousticConfig _config;
    private readonly OnnxBinding _binding;
    private readonly NativeTensor[] _contexts;
    private readonly NativeTensor _latents;
    private readonly NativeTensor _audio;

    public SoundDecoder(GraphEngine engine, int mostFrames = 1)
    {
        var config = engine.Config.Acoustic;
        _session = engine.Decoder;
        _config = config;
        _binding = _session.CreateBinding();
        _contexts =
        [
            .. engine.DecoderState.Shapes.Select(shape =>
                engine.Device.Allocate(engine.Precisions.Decoder.ComputeType(), shape.Positions, shape.Channels)
            ),
        ];
        _latents = NativeTensor.OfFloats(mostFrames, config.LatentSize);
        _audio = NativeTensor.OfFloats((long)mostFrames * config.SamplesPerFrame, 1);
        for (var i = 0; i < _contexts.Length; i++)
        {
            _binding.BindState(DecoderState.InputName(i), DecoderState.OutputName(i), _contexts[i].OrtValue);
        }
    }

    /// <param name="latents"><c>[F, C]</c>, unscaled.</param>
    /// <returns><c>[F · samples per frame]</c>, valid until the next call.</returns>
    public ReadOnlySpan<float> Decode(ReadOnlySpan<float> latents)
    {
        var frames = latents.Length / _config.LatentSize;
        var samples = frames * _config.SamplesPerFrame;
        using var input = _latents.View(frames, _config.LatentSize);
        using var output = _audio.View(samples, 1);
        latents.CopyTo(_latents.Floats);
        _binding.BindInput(AcousticDecoder.Latents, input);
        _binding.BindOutput(AcousticDecoder.Audio, output);
        _session.Run(_binding);
        return _audio.Floats[..samples];
    }

    public void Dispose()
    {
        _binding.Dispose();
        _latents.Dispose();
        _audio.Dispose();
        foreach (var context in _contexts)
        {
            context.Dispose();
        }
    }
}
