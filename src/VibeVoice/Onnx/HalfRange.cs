using System.Numerics.Tensors;

namespace VibeVoice.Onnx;

/// <summary>What half precision can hold: 11 bits of a number, and none beyond 65,504.</summary>
internal static class HalfRange
{
    public const float Largest = 65_504;

    /// <summary>A number that would become infinite; null where there is none. What is not a number is nobody's fault here.</summary>
    public static float? FindTooLarge(ReadOnlySpan<float> numbers)
    {
        var largest = numbers.IsEmpty ? 0 : TensorPrimitives.MaxMagnitudeNumber(numbers);
        return MathF.Abs(largest) > Largest ? largest : null;
    }
}
