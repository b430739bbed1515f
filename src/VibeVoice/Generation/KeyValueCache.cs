using Microsoft.ML.OnnxRuntime;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>What one language model remembers of one sequence; runs extend it in place.</summary>
/// <remarks>
/// Lies where the model computes. Room for every position is reserved at once; on the host, memory is taken as positions
/// are filled. Not thread-safe.
/// </remarks>
internal sealed class KeyValueCache : IDisposable
{
    // One piece for all layers: the C library always maps pieces of this size, so untouched pages cost nothing. Smaller
    // ones it would recycle from requests before, and zero them whole.
    private readonly NativeTensor _memory;
    private readonly OrtValue[] _tensors; // keys and values of each layer in turn
    private readonly NativeTensor _totalLength = NativeTensor.OnHost(TensorType.Int32);
    private readonly NativeTensor _firstPosition = NativeTensor.OnHost(TensorType.Int32);
    private readonly NativeTensor _lastPosition = NativeTensor.OnHost(TensorType.Int32, 1);
    private readonly IDevice _device;
    private readonly int _headSize;
    private readonly int _tensorLength;

    /// <param name="config">Sizes.</param>
    /// <param name="layers">Of the model that it remembers for.</param>
    /// <param name="device">Where that model computes; the host when null.</param>
    /// <param name="type">Of the numbers, as the model computes attention.</param>
    public KeyValueCache(
        LanguageConfig config,
        int layers,
        IDevice? device = null,
        TensorType type = TensorType.Float32
    )
    {
        Capacity = config.MaxPositions;
        _device = device ?? HostDevice.Instance;
        _headSize = config.HeadSize;
        long[] shape = [1, config.KeyValueHeads, Capacity, config.HeadSize];
        _tensorLength = config.KeyValueHeads * Capacity * config.HeadSize;
        _memory = _device.Allocate(type, 2L * layers * _tensorLength);
        _tensors = [.. Enumerable.Range(0, 2 * layers).Select(i => _memory.ViewFrom((long)i * _tensorLength, shape))];
    }

    /// <summary>Positions filled.</summary>
    public int Length { get; private set; }

    /// <summary>Positions that the model can tell apart.</summary>
    public int Capacity { get; }

    /// <summary>Positions that are still free.</summary>
    public int Room => Capacity - Length;

    public bool HasRoomFor(int tokens) => tokens <= Room;

    /// <summary>Begins with a copy of a voice's prompt.</summary>
    /// <exception cref="ModelFormatException">The prompt is longer than the model's context, or beyond its type.</exception>
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
    public void Bind(OnnxBinding binding, string sequence)
    {
        binding.BindInput(AttentionSequence.LengthName(sequence), _totalLength.OrtValue);
        binding.BindInput(AttentionSequence.FirstName(sequence), _firstPosition.OrtValue);
        binding.BindInput(AttentionSequence.LastName(sequence), _lastPosition.OrtValue);
        for (var i = 0; i < _tensors.Length; i += 2)
        {
            BindLayer(i / 2, "key", _tensors[i]);
            BindLayer(i / 2, "value", _tensors[i + 1]);
        }

        void BindLayer(int layer, string kind, OrtValue cache) =>
            binding.BindState(
                AttentionSequence.PastName(sequence, layer, kind),
                AttentionSequence.PresentName(sequence, layer, kind),
                cache
            );
    }

    /// <summary>Tells the next run how long the cache will be after it.</summary>
    public void Announce(int tokens)
    {
        if (!HasRoomFor(tokens))
        {
            throw new InvalidOperationException($"{Length} + {tokens} positions exceed the {Capacity} of the model.");
        }

        _totalLength.Integers[0] = Length + tokens;
        _firstPosition.Integers[0] = Length;
        _lastPosition.Integers[0] = Length + tokens - 1;
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
        _firstPosition.Dispose();
        _lastPosition.Dispose();
    }

    private void Copy(ReadOnlySpan<float> prompt, int length, int tensor)
    {
        if (_memory.Type == TensorType.Float16 && HalfRange.FindTooLarge(prompt) is { } found)
        {
            throw new ModelFormatException(
                $"The voice's prompt holds {found}, but float16 ends at {HalfRange.Largest}. Load the model with precision "
                    + "float32, or choose another voice."
            );
        }

        var head = length * _headSize;
        var target = (long)tensor * _tensorLength;
        for (var source = 0; source < prompt.Length; source += head, target += Capacity * _headSize)
        {
            _device.Write(_memory, target, prompt.Slice(source, head));
        }
    }
}
