using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace VibeVoice.Native;

/// <summary>How the 16 weights of an input are stored in a panel, and become float32.</summary>
internal unsafe interface IFloatWeights
{
    /// <summary>Bytes of 16 weights.</summary>
    static abstract int Size { get; }

    static abstract Vector512<float> Wide(byte* weights);

    static abstract (Vector256<float> Lower, Vector256<float> Upper) Narrow(byte* weights);
}

/// <summary>The upper halves of float32 numbers: exact where the checkpoint stores bf16.</summary>
internal readonly unsafe struct BFloat16Weights : IFloatWeights
{
    public static int Size => Panels.Outputs * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Wide(byte* weights) =>
        (Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)weights)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Lower, Vector256<float> Upper) Narrow(byte* weights)
    {
        var (lower, upper) = Vector256.Widen(Vector256.Load((ushort*)weights));
        return ((lower << 16).AsSingle(), (upper << 16).AsSingle());
    }
}

/// <summary>As they are.</summary>
internal readonly unsafe struct Float32Weights : IFloatWeights
{
    public static int Size => Panels.Outputs * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Wide(byte* weights) => Vector512.Load((float*)weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Lower, Vector256<float> Upper) Narrow(byte* weights) =>
        (Vector256.Load((float*)weights), Vector256.Load((float*)weights + (Panels.Outputs / 2)));
}
