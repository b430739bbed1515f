namespace VibeVoice.Checkpoints;

/// <summary>How shapes are written in messages.</summary>
internal static class TensorText
{
    public static string Shape(ReadOnlySpan<long> shape) => $"shape [{string.Join(", ", shape.ToArray())}]";
}
