using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>What goes into a linear layer: float32 rows, and the same in 16 bits with a scale for each 64 numbers.</summary>
/// <remarks>
/// 16 bits are 90 dB below the largest of their block, far less than 8-bit weights cost: to the layers around, the product is one
/// of exact activations. Owns the buffers, which grow to the largest input seen. Not thread-safe.
/// </remarks>
internal sealed unsafe class Activations : IDisposable
{
    private const int Block = Int8Panels.Block;
    private const float Limit = short.MaxValue;
    private const float SmallestNormal = 1.17549435e-38f;
    private readonly ScratchBuffer<short> _numbers = new();
    private readonly ScratchBuffer<float> _scales = new();

    /// <summary>Float32, <c>[rows, …]</c>; not owned.</summary>
    public float* Values { get; private set; }

    /// <summary>From a row of <see cref="Values"/> to the next; rows may overlap.</summary>
    public int Stride { get; private set; }

    public int Rows { get; private set; }

    /// <summary>Blocks of a row.</summary>
    public int Blocks { get; private set; }

    /// <summary>In the order of <see cref="ActivationTiles"/>, 64 for each block of a slot.</summary>
    public short* Numbers { get; private set; }

    /// <summary>In the same order, one for each block of a slot.</summary>
    public float* Scales { get; private set; }

    /// <summary>Takes rows for a layer of some format, all at once.</summary>
    public Activations Set(PanelFormat format, float* values, int stride, int rows, int inputs)
    {
        Prepare(format, values, stride, rows, inputs);
        Quantize(format, inputs, 0, rows);
        return this;
    }

    /// <summary>Takes rows that threads then convert, each some.</summary>
    public void Prepare(PanelFormat format, float* values, int stride, int rows, int inputs)
    {
        Values = values;
        Stride = stride;
        Rows = rows;
        Blocks = Panels.BlocksOf(inputs);
        if (format.IsQuantized())
        {
            var slots = (long)ActivationTiles.SlotsOfAll(rows) * Blocks;
            Numbers = _numbers.Take(slots * Block);
            Scales = _scales.Take(slots);
        }
    }

    public void Quantize(PanelFormat format, int inputs, int firstRow, int rows)
    {
        if (!format.IsQuantized())
        {
            return;
        }

        for (var row = firstRow; row < firstRow + rows; row++)
        {
            var first = ActivationTiles.Place(row, 0, Rows, Blocks);
            var step = (int)(ActivationTiles.Place(row, 1, Rows, Blocks) - first);
            QuantizeRow(Values + ((nint)row * Stride), inputs, Numbers + (first * Block), Scales + first, step);
        }
    }

    /// <summary>Converts a block of a row, 64 numbers.</summary>
    public void SetBlock(int row, int block, float* values)
    {
        var place = ActivationTiles.Place(row, block, Rows, Blocks);
        Scales[place] = QuantizeBlock(values, Numbers + (place * Block));
    }

    public void Dispose()
    {
        _numbers.Dispose();
        _scales.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeRow(float* values, int inputs, short* numbers, float* scales, int step)
    {
        var full = inputs / Block * Block;
        for (var k = 0; k < full; k += Block)
        {
            *scales = QuantizeBlock(values + k, numbers);
            scales += step;
            numbers += step * Block;
        }

        if (full < inputs)
        {
            var rest = stackalloc float[Block];
            new Span<float>(rest, Block).Clear();
            new ReadOnlySpan<float>(values + full, inputs - full).CopyTo(new Span<float>(rest, Block));
            *scales = QuantizeBlock(rest, numbers);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float QuantizeBlock(float* values, short* numbers) =>
        Vector512.IsHardwareAccelerated ? QuantizeWide(values, numbers) : QuantizeNarrow(values, numbers);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float QuantizeWide(float* values, short* numbers)
    {
        var size = Vector512.Create(int.MaxValue);
        var (a, b) = (Vector512.Load((int*)values) & size, Vector512.Load((int*)values + 16) & size);
        var (c, d) = (Vector512.Load((int*)values + 32) & size, Vector512.Load((int*)values + 48) & size);
        var largest = Vector512.Max(Vector512.Max(a, b), Vector512.Max(c, d));
        var (scale, factor) = ScaleOf(Vector256.Max(largest.GetLower(), largest.GetUpper()));
        var wide = Vector512.Create(factor);
        for (var i = 0; i < Block; i += 32)
        {
            var lower = Vector512.ConvertToInt32Native(Vector512.Round(Vector512.Load(values + i) * wide));
            var upper = Vector512.ConvertToInt32Native(Vector512.Round(Vector512.Load(values + i + 16) * wide));
            Vector512.Narrow(lower, upper).Store(numbers + i);
        }

        return scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float QuantizeNarrow(float* values, short* numbers)
    {
        var (size, largest) = (Vector256.Create(int.MaxValue), Vector256<int>.Zero);
        for (var i = 0; i < Block; i += 8)
        {
            largest = Vector256.Max(largest, Vector256.Load((int*)values + i) & size);
        }

        var (scale, factor) = ScaleOf(largest);
        var wide = Vector256.Create(factor);
        for (var i = 0; i < Block; i += 16)
        {
            var lower = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(values + i) * wide));
            var upper = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(values + i + 8) * wide));
            Vector256.Narrow(lower, upper).Store(numbers + i);
        }

        return scale;
    }

    // As integers, sizes of floats are in the same order, and what is not a number is the largest. Numbers that are not finite
    // give a scale that is not, and so reach the end, where they are told.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Scale, float Factor) ScaleOf(Vector256<int> largest)
    {
        var half = Vector128.Max(largest.GetLower(), largest.GetUpper());
        var quarter = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        var most = BitConverter.Int32BitsToSingle(Math.Max(quarter[0], quarter[1]));
        var scale = most / Limit;
        return (scale, scale > SmallestNormal ? Limit / most : 0);
    }
}
