namespace VibeVoice.Compiled;

/// <summary>As many buffers as tensors are filled at once, each as long as the longest of them.</summary>
/// <remarks>
/// Used again and again: allocated for each tensor they end in the allocator's arenas, one for each thread that came by, and
/// 32 tensors of 16 MB took 230 MB.
/// </remarks>
/// <param name="bytes">Size of each.</param>
internal sealed unsafe class FillBuffers(long bytes) : IDisposable
{
    private readonly NativeBlocks _blocks = new();
    private readonly Stack<nint> _free = [];
    private readonly Lock _lock = new();

    /// <summary>One that nobody uses, with anything in it.</summary>
    public nint Take()
    {
        lock (_lock)
        {
            return _free.TryPop(out var buffer) ? buffer : (nint)_blocks.Allocate(bytes);
        }
    }

    public void GiveBack(nint buffer)
    {
        lock (_lock)
        {
            _free.Push(buffer);
        }
    }

    public void Dispose() => _blocks.Dispose();
}
