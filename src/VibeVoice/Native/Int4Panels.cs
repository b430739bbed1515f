using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>Weights of 4 bits: panels as <see cref="Int8Panels"/> has them, half the size, widened to those before the product.</summary>
/// <remarks>
/// A byte holds two numbers of one output, each 8 more than it is: in its lower half one of a pair of inputs, in its upper half
/// one of the next pair. A block is 512 bytes of those and 16 float32 scales. Widening a panel once serves all rows, and stays
/// in the cache.
/// </remarks>
internal static unsafe class Int4Panels
{
    /// <summary>Bytes of a block of a panel: weights, then scales.</summary>
    public const int BlockBytes = WeightBytes + ScaleBytes;

    private const int WeightBytes = Int8Panels.Block * Panels.Outputs / 2;
    private const int ScaleBytes = Panels.Outputs * sizeof(float);
    private const int PairBytes = 2 * Panels.Outputs;
    private const int Zero = 8;

    [ThreadStatic]
    private static byte[]? _widened;

    /// <inheritdoc cref="Int8Panels.Multiply"/>
    public static void Multiply(byte* panel, int blocks, short* x, float* scales, int rows, float* y, int stride)
    {
        var length = blocks * Int8Panels.BlockBytes;
        if (_widened is null || _widened.Length < length)
        {
            _widened = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        }

        var widened = (byte*)Unsafe.AsPointer(ref _widened[0]); // pinned
        Widen(panel, blocks, widened);
        Int8Panels.Multiply(widened, blocks, x, scales, rows, y, stride);
    }

    /// <summary>Writes a block of one output into a block of a panel.</summary>
    public static void Place(ReadOnlySpan<sbyte> weights, float scale, int output, byte* block)
    {
        for (var input = 0; input < Int8Panels.Block; input++)
        {
            var (pair, side) = (input / 2, input % 2);
            ref var both = ref block[(pair / 2 * PairBytes) + (2 * output) + side];
            var number = weights[input] + Zero;
            both = (byte)(pair % 2 == 0 ? (both & 0xF0) | number : (both & 0x0F) | (number << 4));
        }

        ((float*)(block + WeightBytes))[output] = scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* panel, int blocks, byte* widened)
    {
        var (lower, zero) = (Vector256.Create((byte)0x0F), Vector256.Create((byte)Zero));
        for (var block = 0; block < blocks; block++)
        {
            for (var quad = 0; quad < WeightBytes; quad += PairBytes)
            {
                var both = Vector256.Load(panel + quad);
                ((both & lower) - zero).Store(widened + (2 * quad));
                (((both.AsUInt16() >> 4).AsByte() & lower) - zero).Store(widened + (2 * quad) + PairBytes);
            }

            Buffer.MemoryCopy(panel + WeightBytes, widened + (2 * WeightBytes), ScaleBytes, ScaleBytes);
            panel += BlockBytes;
            widened += Int8Panels.BlockBytes;
        }
    }
}
