using System.Runtime.InteropServices;

namespace VibeVoice.Compiled;

/// <summary>Memory outside the collector's, which would move or scan it; freed together.</summary>
internal sealed unsafe class NativeBlocks : IDisposable
{
    /// <summary>A cache line, and the widest vector of any processor that is meant.</summary>
    private const int Alignment = 64;

    private readonly List<nint> _blocks = [];

    /// <summary>A block with anything in it.</summary>
    public byte* Allocate(long bytes)
    {
        var block = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        _blocks.Add((nint)block);
        return (byte*)block;
    }

    public void Dispose()
    {
        _blocks.ForEach(block => NativeMemory.AlignedFree((void*)block));
        _blocks.Clear();
    }
}
