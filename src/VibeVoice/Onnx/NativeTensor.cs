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
    private readonly int _elementSize;
    private readonly int _elementCount;
    private readonly Memory _memory;

    private NativeTensor(TensorElementType type, int elementSize, long[] shape)
    {
        Shape = shape;
        _elementSize = elementSize;
        _elementCount = checked((int)shape.Aggregate(1L, (product, size) => product * size));
        _memory = new Memory((nuint)_elementCount * (nuint)elementSize);
        OrtValue = ViewAs(type, shape);
    }

    public long[] Shape { get; }

    public OrtValue OrtValue { get; }

    public Span<float> Floats => Elements<float>();

    public Span<int> Integers => Elements<int>();

    public static NativeTensor OfFloats(params long[] shape) => new(TensorElementType.Float, sizeof(float), shape);

    public static NativeTensor IntegerScalar() => new(TensorElementType.Int32, sizeof(int), []);

    /// <summary>The first elements of the same memory under another shape. The caller disposes it, and before this.</summary>
    public OrtValue View(params long[] shape) => ViewAs(TensorElementType.Float, shape);

    /// <summary>The elements from a place on under another shape. The caller disposes it, and before this.</summary>
    public OrtValue ViewFrom(int start, params long[] shape) => ViewAs(TensorElementType.Float, shape, start);

    public void Dispose()
    {
        OrtValue.Dispose();
        _memory.Dispose();
    }

    private OrtValue ViewAs(TensorElementType type, long[] shape, int start = 0)
    {
        var length = shape.Aggregate((long)_elementSize, (product, size) => product * size);
        var offset = (long)start * _elementSize;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            offset + length,
            (long)_elementCount * _elementSize,
            nameof(shape)
        );
        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance,
            type,
            shape,
            _memory.Address + (nint)offset,
            length
        );
    }

    private Span<T> Elements<T>()
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        return new Span<T>((void*)_memory.Address, _elementCount);
    }

    /// <summary>Frees itself when a constructor around it failed and nobody could.</summary>
    private sealed class Memory : SafeHandle
    {
        public Memory(nuint length)
            : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed(length));

        public override bool IsInvalid => handle == 0;

        public nint Address => handle;

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            return true;
        }
    }
}
