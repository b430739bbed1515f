using System.Runtime.InteropServices;

namespace VibeVoice.Native;

/// <summary>Numbers outside the managed heap, zero at first, at an address that vectors like.</summary>
/// <remarks>Large ones take memory as they are written to: pages that nobody touched are not there.</remarks>
internal sealed unsafe class NativeArray<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;
    private readonly void* _memory;

    public NativeArray(long length)
    {
        Length = length;
        // Zeroed by the C library, which leaves fresh pages alone: aligned allocation would have to write them.
        _memory = NativeMemory.AllocZeroed((nuint)((length * sizeof(T)) + Alignment));
        Start = (T*)(((nint)_memory + Alignment - 1) & ~(nint)(Alignment - 1));
    }

    public long Length { get; }

    /// <summary>The first; not to be used after <see cref="Dispose"/>.</summary>
    public T* Start { get; private set; }

    public Span<T> Span => new(Start, checked((int)Length));

    public void Dispose()
    {
        if (Start is not null)
        {
            Start = null;
            NativeMemory.Free(_memory);
        }
    }
}

/// <summary>A buffer that grows to the most that was ever asked of it.</summary>
/// <remarks>What it held is lost when it grows.</remarks>
internal sealed unsafe class ScratchBuffer<T> : IDisposable
    where T : unmanaged
{
    private NativeArray<T> _array = new(0);

    /// <summary>Room for so many numbers; zero where nobody has written yet.</summary>
    public T* Take(long length)
    {
        if (length > _array.Length)
        {
            _array.Dispose();
            _array = new NativeArray<T>(length);
        }

        return _array.Start;
    }

    public void Dispose() => _array.Dispose();
}
