namespace VibeVoice.Native;

/// <summary>Rows of padded numbers.</summary>
internal static unsafe class Rows
{
    /// <summary>Copies numbers, which may overlap.</summary>
    public static void Copy(float* source, float* target, int length) =>
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(target, length));
}
