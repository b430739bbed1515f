using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>A tensor in memory of its own that no garbage collector moves, zero at first.</summary>
/// <remarks>
/// On the host, the pages of a large one are taken from the system only when they are written: a cache may reserve room
/// for every position of the model. Not thread-safe; whoever binds it to a session keeps it until the session is gone.
/// </remarks>
internal sealed unsafe class NativeTensor : IDisposable
{
    private readonly long _elementCount;
    private readonly SafeHandle _memory;
    private readonly OrtMemoryInfo _place;
    private readonly bool _isOnHost;

    private NativeTensor(TensorType type, long[] shape, HostMemory memory)
        : this(type, shape, memory, OrtMemoryInfo.DefaultInstance)
    {
        _isOnHost = true;
    }

    /// <summary>Takes over memory of a device, whose numbers only sessions may touch.</summary>
    public NativeTensor(TensorType type, long[] shape, SafeHandle memory, OrtMemoryInfo place)
    {
        Type = type;
        Shape = shape;
        _elementCount = LengthOf(type, shape) / type.Size();
        _memory = memory;
        _place = place;
        OrtValue = View(shape);
    }

    public TensorType Type { get; }

    public long[] Shape { get; }

    public OrtValue OrtValue { get; }

    public Span<float> Floats => Elements<float>(TensorType.Float32);

    public Span<Half> Halves => Elements<Half>(TensorType.Float16);

    public Span<int> Integers => Elements<int>(TensorType.Int32);

    public Span<long> LongIntegers => Elements<long>(TensorType.Int64);

    /// <summary>The numbers as they lie in memory.</summary>
    public ReadOnlySpan<byte> Bytes => Elements<byte>(Type, checked((int)(_elementCount * Type.Size())));

    public static NativeTensor OfFloats(params long[] shape) => OnHost(TensorType.Float32, shape);

    public static NativeTensor OnHost(TensorType type, params long[] shape) =>
        new(type, shape, new HostMemory((nuint)LengthOf(type, shape)));

    public static long LengthOf(TensorType type, ReadOnlySpan<long> shape)
    {
        var length = (long)type.Size();
        foreach (var size in shape)
        {
            length = checked(length * size);
        }

        return length;
    }

    /// <summary>The first elements of the same memory under another shape. The caller disposes it, and before this.</summary>
    public OrtValue View(params long[] shape) => ViewFrom(0, shape);

    /// <summary>The elements from a place on under another shape. The caller disposes it, and before this.</summary>
    public OrtValue ViewFrom(long start, params long[] shape)
    {
        var length = LengthOf(Type, shape);
        var offset = start * Type.Size();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, _elementCount * Type.Size(), nameof(shape));
        return OrtValue.CreateTensorValueWithData(
            _place,
            Type.OfRuntime(),
            shape,
            _memory.DangerousGetHandle() + (nint)offset,
            length
        );
    }

    public void Dispose()
    {
        OrtValue.Dispose();
        _memory.Dispose();
    }

    private Span<T> Elements<T>(TensorType type) =>
        Type == type
            ? Elements<T>(type, checked((int)_elementCount))
            : throw new InvalidOperationException($"A tensor of {Type} was read as {type}.");

    private Span<T> Elements<T>(TensorType type, int count)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        return _isOnHost
            ? new Span<T>((void*)_memory.DangerousGetHandle(), count)
            : throw new InvalidOperationException($"A tensor of {type} on a device was read by the host.");
    }

    /// <summary>Frees itself when a constructor around it failed and nobody could.</summary>
    private sealed class HostMemory : SafeHandle
    {
        public HostMemory(nuint length)
            : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed(length));

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free((void*)handle);
            return true;
        }
    }
}
