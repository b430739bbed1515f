using VibeVoice.Checkpoints;

namespace VibeVoice.Native;

/// <summary>Keys and values of one sequence in all layers of a language model, float32.</summary>
/// <remarks>
/// Room for every position is reserved at once, and memory is taken as positions are filled. Keys are kept in blocks of 16
/// positions, <c>[block, Dh, 16]</c>, so that a vector holds the same number of 16 keys and scores need no sums across
/// it; values as rows of a padded Dh. Not thread-safe.
/// </remarks>
internal sealed unsafe class StreamCache : IDisposable
{
    public const int Block = 16;
    private readonly NativeArray<float> _memory;
    private readonly int _headSize;
    private readonly int _heads;
    private readonly long _keys;
    private readonly long _values;

    public StreamCache(LanguageConfig config, int layers)
    {
        Capacity = config.MaxPositions;
        _headSize = config.HeadSize;
        _heads = config.KeyValueHeads;
        ValueStride = Panels.Padded(_headSize);
        _keys = (long)((Capacity + Block - 1) / Block) * Block * _headSize;
        _values = (long)Capacity * ValueStride;
        _memory = new NativeArray<float>(layers * _heads * (_keys + _values));
    }

    /// <summary>Positions filled.</summary>
    public int Length { get; set; }

    /// <summary>Positions that the model can tell apart.</summary>
    public int Capacity { get; }

    public int Room => Capacity - Length;

    /// <summary>From the value of a position to the next.</summary>
    public int ValueStride { get; }

    public float* Keys(int layer, int head) => _memory.Start + (((layer * _heads) + head) * (_keys + _values));

    public float* Values(int layer, int head) => Keys(layer, head) + _keys;

    /// <summary>Writes what one position has in one head of one layer.</summary>
    public void Write(int layer, int head, int position, float* key, float* value)
    {
        var keys = Keys(layer, head) + ((nint)(position / Block) * Block * _headSize) + (position % Block);
        for (var i = 0; i < _headSize; i++)
        {
            keys[i * Block] = key[i];
        }

        new ReadOnlySpan<float>(value, _headSize).CopyTo(
            new Span<float>(Values(layer, head) + ((nint)position * ValueStride), _headSize)
        );
    }

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
            fixed (float* keys = preset.Keys[layer].Span)
            fixed (float* values = preset.Values[layer].Span)
            {
                for (var head = 0; head < _heads; head++)
                {
                    for (var position = 0; position < preset.Length; position++)
                    {
                        var offset = ((head * preset.Length) + position) * _headSize;
                        Write(layer, head, position, keys + offset, values + offset);
                    }
                }
            }
        }

        Length = preset.Length;
    }

    public void Dispose() => _memory.Dispose();
}
