using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>What one language model remembers of one sequence; runs extend it in place.</summary>
/// <remarks>Room for every position is reserved at once; memory is taken as positions are filled. Not thread-safe.</remarks>
internal sealed class KeyValueCache : IDisposable
{
    // One piece for all layers: the C library always maps pieces of this size, so untouched pages cost nothing. Smaller
    // ones it would recycle from requests before, and zero them whole.
    private readonly NativeTensor _memory;
    private readonly OrtValue[] _tensors; // keys and values of each layer in turn
    private readonly NativeTensor _totalLength = NativeTensor.IntegerScalar();
    private readonly int _headSize;
    private readonly int _tensorLength;

    public KeyValueCache(LanguageConfig config, int layers)
    {
        Capacity = config.MaxPositions;
        _headSize = config.HeadSize;
        long[] shape = [1, config.KeyValueHeads, Capacity, config.HeadSize];
        _tensorLength = config.KeyValueHeads * Capacity * config.HeadSize;
        _memory = NativeTensor.OfFloats(2L * layers * _tensorLength);
        _tensors = [.. Enumerable.Range(0, 2 * layers).Select(i => _memory.ViewFrom(i * _tensorLength, shape))];
    }

    /// <summary>Positions filled.</summary>
    public int Length { get; private set; }

    /// <summary>Positions that the model can tell apart.</summary>
    public int Capacity { get; }

    /// <summary>Positions that are still free.</summary>
    public int Room => Capacity - Length;

    public bool HasRoomFor(int tokens) => tokens <= Room;

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

        for (var layer = 0; layer < preset.Keys.Count; layer++)
        {
            Copy(preset.Keys[layer].Span, preset.Length, 2 * layer);
            Copy(preset.Values[layer].Span, preset.Length, (2 * layer) + 1);
        }

        Length = preset.Length;
    }

    /// <summary>Binds the cache as past and present of one sequence of a graph.</summary>
    public void Bind(OrtIoBinding binding, string sequence)
    {
        binding.BindInput(AttentionSequence.LengthName(sequence), _totalLength.OrtValue);
        for (var i = 0; i < _tensors.Length; i += 2)
        {
            BindLayer(i / 2, "key", _tensors[i]);
            BindLayer(i / 2, "value", _tensors[i + 1]);
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
        foreach (var tensor in _tensors)
        {
            tensor.Dispose();
        }

        _memory.Dispose();
        _totalLength.Dispose();
    }

    private void Copy(ReadOnlySpan<float> prompt, int length, int tensor)
    {
        var cache = _memory.Floats.Slice(tensor * _tensorLength, _tensorLength);
        var head = length * _headSize;
        for (var (source, target) = (0, 0); source < prompt.Length; source += head, target += Capacity * _headSize)
        {
            prompt.Slice(source, head).CopyTo(cache[target..]);
        }
    }
}
