using System.Runtime.InteropServices;

namespace VibeVoice.Native;

/// <summary>Rows of padded numbers.</summary>
internal static unsafe class Rows
{
    /// <summary>Copies numbers, which may overlap.</summary>
    public static void Copy(float* source, float* target, int length) =>
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(target, length));

    /// <summary>A number of the first row, and how far it is to the same of the next.</summary>
    [StructLayout(LayoutKind.Auto)]
    public readonly struct Place(float* start, int stride)
    {
        public float* Start { get; } = start;

        public int Stride { get; } = stride;
    }
}
