using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx.Streaming;

/// <summary>
/// An operator of our own: x · Wᵀ + b with W as the checkpoint stores it, bf16 and <c>[outputs, inputs]</c>. Nothing is
/// converted, transposed or packed before, and W may lie in a mapped file.
/// </summary>
/// <remarks>ONNX Runtime's own kernels for the CPU read float32 weights only: twice the traffic, which is the time.</remarks>
internal static unsafe class StreamedLinear
{
    public const string Domain = "vibevoice";
    public const string Name = "StreamedLinear";
    public const string Inputs = "inputs";
    public const string Outputs = "outputs";

    /// <summary>Weights that are worth handing to another thread.</summary>
    private const int BytesPerPiece = 64 * 1024;
    private const int MostPieces = 16;
    private const int MostDimensions = 4;

    private static readonly nint DomainHandle = CreateDomain();

    private static readonly Lock Opening = new();
    private static volatile bool _isDomainNoted;

    [ThreadStatic]
    private static float[]? _arranged;

    /// <summary>Makes the operator known to a session that is about to be opened.</summary>
    public static void Register(SessionOptions options) => OrtApi.Register(options, DomainHandle);

    /// <summary>Opens a session that was given the operator.</summary>
    /// <remarks>
    /// With the first of a process the runtime notes the operator's domain, and looks whether it is noted already in
    /// another step: of two that open at once, one would fail.
    /// </remarks>
    public static InferenceSession Open(Func<InferenceSession> open)
    {
        if (_isDomainNoted)
        {
            return open();
        }

        lock (Opening)
        {
            var session = open();
            _isDomainNoted = true;
            return session;
        }
    }

    // Lives as long as the process, as the runtime wants it.
    private static nint CreateDomain()
    {
        var operation = (CustomOperation*)NativeMemory.AllocZeroed((nuint)sizeof(CustomOperation));
        operation->Version = CustomOperation.InterfaceVersion;
        operation->GetName = &GetName;
        operation->GetExecutionProviderType = &GetExecutionProviderType;
        operation->GetInputType = &GetInputType;
        operation->GetInputTypeCount = &GetInputTypeCount;
        operation->GetOutputType = &GetOutputType;
        operation->GetOutputTypeCount = &GetOutputTypeCount;
        operation->KernelDestroy = &Destroy;
        operation->GetInputCharacteristic = &GetInputCharacteristic;
        operation->GetOutputCharacteristic = &GetOutputCharacteristic;
        operation->GetInputMemoryType = &GetInputMemoryType;
        operation->CreateKernel = &CreateKernel;
        operation->KernelCompute = &Compute;
        var domain = OrtApi.CreateDomain("vibevoice\0"u8);
        OrtApi.Add(domain, operation);
        return domain;
    }

    private static void Run(Sizes* sizes, nint context)
    {
        var x = OrtApi.Input(context, 0);
        Span<long> shape = stackalloc long[MostDimensions];
        shape = shape[..OrtApi.Shape(x, shape)];
        var rows = 1;
        foreach (var size in shape[..^1])
        {
            rows *= (int)size;
        }

        shape[^1] = sizes->Outputs;
        var bias = OrtApi.Input(context, 2);
        var length = rows * sizes->Inputs;
        if (_arranged is null || _arranged.Length < length)
        {
            _arranged = GC.AllocateUninitializedArray<float>(length, pinned: true);
        }

        BFloat16Product.Arrange(new ReadOnlySpan<float>(OrtApi.Data(x), length), _arranged, sizes->Inputs);
        var work = new Work
        {
            Weights = (ushort*)OrtApi.Data(OrtApi.Input(context, 1)),
            Bias = bias == 0 ? null : (float*)OrtApi.Data(bias),
            X = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_arranged)),
            Y = (float*)OrtApi.Data(OrtApi.Output(context, 0, shape)),
            Rows = rows,
            Sizes = *sizes,
        };
        var bytes = (long)sizes->Inputs * sizes->Outputs * sizeof(ushort);
        var pieces = (int)Math.Clamp(bytes / BytesPerPiece, 1, MostPieces);
        work.OutputsPerPiece = (((sizes->Outputs + pieces - 1) / pieces) + 7) / 8 * 8;
        pieces = (sizes->Outputs + work.OutputsPerPiece - 1) / work.OutputsPerPiece;
        if (pieces == 1)
        {
            RunPiece(&work, 0);
        }
        else
        {
            OrtApi.ParallelFor(context, &RunPieceOnAnyThread, pieces, &work);
        }
    }

    [UnmanagedCallersOnly]
    private static void RunPieceOnAnyThread(void* work, nint piece) => RunPiece((Work*)work, (int)piece);

    private static void RunPiece(Work* work, int piece)
    {
        var (inputs, outputs) = (work->Sizes.Inputs, work->Sizes.Outputs);
        var first = piece * work->OutputsPerPiece;
        var end = Math.Min(first + work->OutputsPerPiece, outputs);
        BFloat16Product.Multiply(work->Weights, work->X, work->Y, work->Rows, inputs, outputs, first..end);
        if (work->Bias is not null)
        {
            for (var row = 0; row < work->Rows; row++)
            {
                var y = work->Y + ((nint)row * outputs);
                for (var n = first; n < end; n++)
                {
                    y[n] += work->Bias[n];
                }
            }
        }
    }

    [UnmanagedCallersOnly]
    private static nint CreateKernel(CustomOperation* operation, nint api, nint info, void** kernel)
    {
        try
        {
            var sizes = (Sizes*)NativeMemory.Alloc((nuint)sizeof(Sizes));
            sizes->Inputs = (int)OrtApi.Attribute(info, "inputs\0"u8);
            sizes->Outputs = (int)OrtApi.Attribute(info, "outputs\0"u8);
            *kernel = sizes;
            return 0;
        }
#pragma warning disable CA1031 // No exception may pass through native code: it is handed over as text.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return OrtApi.Fail(exception.ToString());
        }
    }

    [UnmanagedCallersOnly]
    private static nint Compute(void* kernel, nint context)
    {
        try
        {
            Run((Sizes*)kernel, context);
            return 0;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return OrtApi.Fail(exception.ToString());
        }
    }

    [UnmanagedCallersOnly]
    private static void Destroy(void* kernel) => NativeMemory.Free(kernel);

    [UnmanagedCallersOnly]
    private static byte* GetName(CustomOperation* operation) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference("StreamedLinear\0"u8)); // in the image: it never moves

    [UnmanagedCallersOnly]
    private static byte* GetExecutionProviderType(CustomOperation* operation) => null; // the CPU

    [UnmanagedCallersOnly]
    private static int GetInputType(CustomOperation* operation, nint index) =>
        (int)(index == 1 ? TensorType.BFloat16 : TensorType.Float32);

    [UnmanagedCallersOnly]
    private static nint GetInputTypeCount(CustomOperation* operation) => 3;

    [UnmanagedCallersOnly]
    private static int GetOutputType(CustomOperation* operation, nint index) => (int)TensorType.Float32;

    [UnmanagedCallersOnly]
    private static nint GetOutputTypeCount(CustomOperation* operation) => 1;

    [UnmanagedCallersOnly]
    private static int GetInputCharacteristic(CustomOperation* operation, nint index) => index == 2 ? 1 : 0; // the bias is optional

    [UnmanagedCallersOnly]
    private static int GetOutputCharacteristic(CustomOperation* operation, nint index) => 0;

    [UnmanagedCallersOnly]
    private static int GetInputMemoryType(CustomOperation* operation, nint index) => 0;

    [StructLayout(LayoutKind.Auto)]
    private struct Sizes
    {
        public int Inputs;
        public int Outputs;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Work
    {
        public ushort* Weights;
        public float* Bias;
        public float* X;
        public float* Y;
        public int Rows;
        public int OutputsPerPiece;
        public Sizes Sizes;
    }
}
