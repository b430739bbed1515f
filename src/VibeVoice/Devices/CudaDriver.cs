using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Devices;

/// <summary>Asks the build, the loader and NVIDIA's driver what of CUDA there is, before anything large is loaded.</summary>
/// <remarks>
/// The runtime itself would say only that its provider could not be loaded, and write the reason to its log.
/// Computes nothing and holds nothing open.
/// </remarks>
internal static unsafe class CudaDriver
{
    /// <summary>The driver's answer when there is no GPU.</summary>
    public const int NoDevice = 100;

    private const string Provider = "CUDAExecutionProvider";
    private const int NameLength = 256;

    /// <summary>Whether the package of ONNX Runtime in this build is the one with CUDA.</summary>
    public static bool IsInTheBuild => OrtEnv.Instance().GetAvailableProviders().Contains(Provider);

    /// <summary>Everything there is to know; what comes after something lacking is not looked at.</summary>
    public static CudaFacts Examine() => IsInTheBuild ? ExamineMachine() : new CudaFacts();

    /// <summary>The same of the machine alone, whatever the build.</summary>
    public static CudaFacts ExamineMachine()
    {
        var facts = new CudaFacts { IsInTheBuild = true };
        if (!NativeLibrary.TryLoad(CudaLibraries.Driver, out var driver))
        {
            return facts;
        }

        facts = facts with { HasDriver = true, DriverAnswer = Wake(driver) };
        if (facts.DriverAnswer != 0)
        {
            return facts;
        }

        string[] missing = [.. CudaLibraries.OfProvider.Where(name => !NativeLibrary.TryLoad(name, out _))];
        return facts with
        {
            DriverVersion = Number(driver, "cuDriverGetVersion"),
            Devices = [.. Enumerable.Range(0, Number(driver, "cuDeviceGetCount")).Select(i => NameOf(driver, i))],
            MissingLibraries = missing,
            OtherLibraries =
                missing.Length == 0
                    ? []
                    : [.. CudaLibraries.OfOtherVersions.Where(name => NativeLibrary.TryLoad(name, out _))],
            RuntimeVersion = NativeLibrary.TryLoad(CudaLibraries.Runtime, out var runtime)
                ? Number(runtime, "cudaRuntimeGetVersion")
                : 0,
            CudnnVersion = NativeLibrary.TryLoad(CudaLibraries.Cudnn, out var cudnn) ? VersionOfCudnn(cudnn) : 0,
        };
    }

    private static int Number(nint driver, string name)
    {
        var number = 0;
        var get = (delegate* unmanaged[Cdecl]<int*, int>)NativeLibrary.GetExport(driver, name);
        return get(&number) == 0 ? number : 0;
    }

    private static string NameOf(nint driver, int device)
    {
        var get = (delegate* unmanaged[Cdecl]<byte*, int, int, int>)NativeLibrary.GetExport(driver, "cuDeviceGetName");
        var name = stackalloc byte[NameLength];
        return get(name, NameLength, device) == 0
            ? Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name))
            : $"GPU {device}";
    }

    private static int VersionOfCudnn(nint library) =>
        (int)((delegate* unmanaged[Cdecl]<nuint>)NativeLibrary.GetExport(library, "cudnnGetVersion"))();

    private static int Wake(nint driver) =>
        ((delegate* unmanaged[Cdecl]<uint, int>)NativeLibrary.GetExport(driver, "cuInit"))(0);
}
