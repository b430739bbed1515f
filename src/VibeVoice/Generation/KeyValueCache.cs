using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>What one language model remembers of one sequence; runs extend it in place.</summary>
/// <remarks>Room for every position is reserved at once; memory is taken as positions are filled. Not thread-safe.</remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly NativeTensor[] _keys;
    private readonly NativeTensor[] _values;
    private readonly NativeTensor _totalLength = NativeTensor.IntegerScalar();
    private readonly int _headSize;

    public KeyValueCache(LanguageConfig config, int layers)
    {
        Capacity = config.MaxPositions;
        _headSize = config.HeadSize;
        long[] shape = [1, config.KeyValueHeads, Capacity, config.HeadSize];
        _keys = [.. Enumerable.Range(0, layers).Select(_ => NativeTensor.OfFloats(shape))];
        _values = [.. Enumerable.Range(0, layers).Select(_ => NativeTensor.OfFloats(shape))];
    }

    /// <summary>Positions filled.</summary>
    public int Length { get; private set; }

    /// <summary>Positions that the model can tell apart.</summary>
    public int Capacity { get; }

    public bool HasRoomFor(int tokens) => Length + tokens <= Capacity;

    /// <summary>Begins with a copy of a voice's prompt.</summary>
    /// <exception cref="ModelFormatException">The prompt is longer than the model's context.</exception>
    public void Prefill(PresetCache preset)
    {
        if (preset.Length > Capacity)
        {
            throw new ModelFormatException(
                $"The voice's prompt has {preset.Length} positions, but the model has only {Capacity}. "
                    + "Choose a voice that was made for this model."
            );
        }

        for (var layer = 0; layer < _keys.Length; layer++)
        {
            Copy(preset.Keys[layer].Span, preset.Length, _keys[layer].Floats);
            Copy(preset.Values[layer].Span, preset.Length, _values[layer].Floats);
        }

        Length = preset.Length;
    }

    /// <summary>Binds the cache as past and present of one sequence of a graph.</summary>
    public void Bind(OrtIoBinding binding, string sequence)
    {
        binding.BindInput(AttentionSequence.LengthName(sequence), _totalLength.OrtValue);
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            BindLayer(layer, "key", _keys[layer].OrtValue);
            BindLayer(layer, "value", _values[layer].OrtValue);
        }

        void BindLayer(int layer, string kind, OrtValue cache)
        {
            binding.BindInput(AttentionSequence.PastName(sequence, layer, kind), cache);
            binding.BindOutput(AttentionSequence.PresentName(sequence, layer, kind), cache);
        }
    }

    /// <summary>Tells the next run how long the cache will be after it.</summary>
    public void Announce(int tokens)
    {
        if (!HasRoomFor(tokens))
        {
            throw new InvalidOperationException($"{Length} + {tokens} positions exceed the {Capacity} of the model.");
        }

        _totalLength.Integers[0] = Length + tokens;
    }

    /// <summary>Counts what a run has written.</summary>
    public void Advance(int tokens) => Length += tokens;

    public void Dispose()
    {
        foreach (var tensor in (NativeTensor[])[.. _keys, .. _values, _totalLength])
        {
            tensor.Dispose();
        }
    }

    private void Copy(ReadOnlySpan<float> prompt, int length, Span<float> cache)
    {
        var head = length * _headSize;
        for (var (source, target) = (0, 0); source < prompt.Length; source += head, target += Capacity * _headSize)
        {
            prompt.Slice(source, head).CopyTo(cache[target..]);
        }
    }
}
