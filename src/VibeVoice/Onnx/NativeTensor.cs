using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace VibeVoice.Onnx;

/// <summary>A tensor in memory of its own that no garbage collector moves, zero at first.</summary>
/// <remarks>
/// The pages of a large one are taken from the system only when they are written: a cache may reserve room for
/// every position of the model. Not thread-safe; whoever binds it to a session keeps it until the session is gone.
/// </remarks>
internal sealed unsafe class NativeTensor : IDisposable
{
    private readonly TensorType _type;
    private readonly int _elementCount;
    private readonly Memory _memory;

    private NativeTensor(TensorType type, long[] shape, void* existing = null)
    {
        Shape = shape;
        _type = type;
        _elementCount = checked((int)shape.Aggregate(1L, (product, size) => product * size));
        _memory = existing is null ? new Memory((nuint)_elementCount * (nuint)type.Size()) : new Memory((nint)existing);
        OrtValue = View(shape);
    }

    public long[] Shape { get; }

    public OrtValue OrtValue { get; }

    public Span<float> Floats => Elements<float>(TensorType.Float32);

    public Span<int> Integers => Elements<int>(TensorType.Int32);

    /// <summary>bf16 numbers.</summary>
    public Span<ushort> Halves => Elements<ushort>(TensorType.BFloat16);

    public static NativeTensor Of(TensorType type, params long[] shape) => new(type, shape);

    public static NativeTensor OfFloats(params long[] shape) => new(TensorType.Float32, shape);

    public static NativeTensor IntegerScalar() => new(TensorType.Int32, []);

    /// <summary>bf16 numbers that lie in a mapped file, which outlives this; never written to.</summary>
    public static NativeTensor Over(ReadOnlySpan<ushort> mapped, long[] shape) =>
        new(TensorType.BFloat16, shape, Unsafe.AsPointer(ref MemoryMarshal.GetReference(mapped)));

    /// <summary>The first elements of the same memory under another shape. The caller disposes it, and before this.</summary>
    public OrtValue View(params long[] shape) => ViewFrom(0, shape);

    /// <summary>The elements from a place on under another shape. The caller disposes it, and before this.</summary>
    public OrtValue ViewFrom(int start, params long[] shape)
    {
        var length = shape.Aggregate(1L, (product, size) => product * size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, _elementCount, nameof(shape));
        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance,
            (TensorElementType)_type, // both number types as ONNX does
            shape,
            _memory.Address + ((nint)start * _type.Size()),
            length * _type.Size()
        );
    }

    public void Dispose()
    {
        OrtValue.Dispose();
        _memory.Dispose();
    }

    private Span<T> Elements<T>(TensorType type)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        return type == _type
            ? new Span<T>((void*)_memory.Address, _elementCount)
            : throw new InvalidOperationException($"The numbers are {_type}, not {type}.");
    }

    /// <summary>Frees itself when a constructor around it failed and nobody could.</summary>
    private sealed class Memory : SafeHandle
    {
        public Memory(nuint length)
            : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed(length));

        public Memory(nint existing)
            : base(0, ownsHandle: false) => SetHandle(existing);

        public override bool IsInvalid => handle == 0;

        public nint Address => handle;

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            return true;
        }
    }
}
