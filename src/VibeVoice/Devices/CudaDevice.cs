using Microsoft.ML.OnnxRuntime;
using VibeVoice.Onnx;

namespace VibeVoice.Devices;

/// <summary>Opens the first GPU that CUDA shows.</summary>
internal static class CudaDevice
{
    private static readonly Dictionary<string, string> ProviderOptions = new(StringComparer.Ordinal)
    {
        ["device_id"] = "0",
        // What is asked for and no more: the next power of two would take gigabytes for nothing.
        ["arena_extend_strategy"] = "kSameAsRequested",
        // The default tries every algorithm on every shape, which a start pays for and these small convolutions do not.
        ["cudnn_conv_algo_search"] = "HEURISTIC",
        // Float32 means float32: the default would round to 10 bits what is kept exact on purpose.
        ["use_tf32"] = "0",
    };

    /// <exception cref="DeviceUnavailableException">There is none, or something it needs is missing.</exception>
    public static IDevice Open()
    {
        if (CudaDriver.Examine().Problem is { } problem)
        {
            throw new DeviceUnavailableException(problem);
        }

        using var memory = new OrtMemoryInfo(
            OrtMemoryInfo.allocatorCUDA,
            OrtAllocatorType.ArenaAllocator,
            0,
            OrtMemType.Default
        );
        try
        {
            return new AcceleratorDevice(Configure, memory);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException)
        {
            throw new DeviceUnavailableException(
                $"ONNX Runtime could not begin on the GPU, and says: {exception.Message}",
                exception
            );
        }
    }

    private static void Configure(SessionOptions options)
    {
        using var provider = new OrtCUDAProviderOptions();
        provider.UpdateOptions(ProviderOptions);
        options.AppendExecutionProvider_CUDA(provider);
        // A node that the GPU does not take must stop the start, not run somewhere else without a word.
        options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
    }
}
