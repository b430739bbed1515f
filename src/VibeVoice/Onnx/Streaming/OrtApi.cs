using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx.Streaming;

/// <summary>The few functions of ONNX Runtime's C interface that an operator of one's own needs.</summary>
/// <remarks>
/// The managed package hides them. The interface is a table whose order never changes: places are those of
/// <c>struct OrtApi</c> in onnxruntime_c_api.h.
/// </remarks>
internal static unsafe partial class OrtApi
{
    private const uint Version = 17; // the first with ParallelFor
    private static readonly nint* Functions = LoadFunctions();

    public static nint CreateDomain(ReadOnlySpan<byte> name)
    {
        nint domain;
        fixed (byte* text = name)
        {
            Check(((delegate* unmanaged<byte*, nint*, nint>)Functions[26])(text, &domain));
        }

        return domain;
    }

    public static void Add(nint domain, void* operation) =>
        Check(((delegate* unmanaged<nint, void*, nint>)Functions[27])(domain, operation));

    public static void Register(SessionOptions options, nint domain) =>
        Check(((delegate* unmanaged<nint, nint, nint>)Functions[28])(options.DangerousGetHandle(), domain));

    /// <returns>A status for the runtime, which frees it.</returns>
    public static nint Fail(string message)
    {
        const int fail = 1;
        var text = Marshal.StringToCoTaskMemUTF8(message);
        var status = ((delegate* unmanaged<int, nint, nint>)Functions[0])(fail, text);
        Marshal.FreeCoTaskMem(text);
        return status;
    }

    public static long Attribute(nint info, ReadOnlySpan<byte> name)
    {
        long value;
        fixed (byte* text = name)
        {
            Check(((delegate* unmanaged<nint, byte*, long*, nint>)Functions[86])(info, text, &value));
        }

        return value;
    }

    public static nint Input(nint context, int index)
    {
        nint value;
        Check(((delegate* unmanaged<nint, nint, nint*, nint>)Functions[90])(context, index, &value));
        return value;
    }

    public static nint Output(nint context, int index, ReadOnlySpan<long> shape)
    {
        nint value;
        fixed (long* sizes = shape)
        {
            Check(
                ((delegate* unmanaged<nint, nint, long*, nint, nint*, nint>)Functions[91])(
                    context,
                    index,
                    sizes,
                    shape.Length,
                    &value
                )
            );
        }

        return value;
    }

    public static void* Data(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)Functions[51])(value, &data));
        return data;
    }

    /// <returns>How many dimensions there are; they are written to the start of <paramref name="shape"/>.</returns>
    public static int Shape(nint value, Span<long> shape)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[65])(value, &info));
        nint count;
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[61])(info, &count));
        fixed (long* sizes = shape[..(int)count])
        {
            Check(((delegate* unmanaged<nint, long*, nint, nint>)Functions[62])(info, sizes, count));
        }

        ((delegate* unmanaged<nint, void>)Functions[99])(info);
        return (int)count;
    }

    /// <summary>Calls a function for 0 to count − 1 on the threads of the session; returns when all are done.</summary>
    public static void ParallelFor(
        nint context,
        delegate* unmanaged<void*, nint, void> function,
        int count,
        void* data
    ) =>
        Check(
            (
                (delegate* unmanaged<nint, delegate* unmanaged<void*, nint, void>, nint, nint, void*, nint>)
                    Functions[274]
            )(context, function, count, count, data)
        );

    private static void Check(nint status)
    {
        if (status == 0)
        {
            return;
        }

        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Functions[2])(status));
        ((delegate* unmanaged<nint, void>)Functions[93])(status);
        throw new InvalidOperationException($"ONNX Runtime: {message}");
    }

    private static nint* LoadFunctions()
    {
        OrtEnv.Instance(); // the package finds its library, this assembly the one that is loaded
        var getApi = *(delegate* unmanaged<uint, nint*>*)GetApiBase();
        var functions = getApi(Version);
        return functions is not null
            ? functions
            : throw new InvalidOperationException(
                $"ONNX Runtime is older than 1.{Version}. Use the package that this library names."
            );
    }

    [LibraryImport("onnxruntime", EntryPoint = "OrtGetApiBase")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static partial nint GetApiBase();
}
