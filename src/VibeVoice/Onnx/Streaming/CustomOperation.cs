using System.Runtime.InteropServices;

namespace VibeVoice.Onnx.Streaming;

/// <summary><c>struct OrtCustomOp</c> of onnxruntime_c_api.h, up to the interface version that is used here.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CustomOperation
{
    /// <summary>The first whose functions hand errors over.</summary>
    public const uint InterfaceVersion = 16;

    public uint Version;
    private readonly nint _createKernelWithoutErrors;
    public delegate* unmanaged<CustomOperation*, byte*> GetName;
    public delegate* unmanaged<CustomOperation*, byte*> GetExecutionProviderType;
    public delegate* unmanaged<CustomOperation*, nint, int> GetInputType;
    public delegate* unmanaged<CustomOperation*, nint> GetInputTypeCount;
    public delegate* unmanaged<CustomOperation*, nint, int> GetOutputType;
    public delegate* unmanaged<CustomOperation*, nint> GetOutputTypeCount;
    private readonly nint _computeWithoutErrors;
    public delegate* unmanaged<void*, void> KernelDestroy;
    public delegate* unmanaged<CustomOperation*, nint, int> GetInputCharacteristic;
    public delegate* unmanaged<CustomOperation*, nint, int> GetOutputCharacteristic;
    public delegate* unmanaged<CustomOperation*, nint, int> GetInputMemoryType;
    private readonly nint _getVariadicInputMinArity;
    private readonly nint _getVariadicInputHomogeneity;
    private readonly nint _getVariadicOutputMinArity;
    private readonly nint _getVariadicOutputHomogeneity;
    public delegate* unmanaged<CustomOperation*, nint, nint, void**, nint> CreateKernel;
    public delegate* unmanaged<void*, nint, nint> KernelCompute;

    // Functions of later versions: the runtime does not ask for them.
    private fixed long _later[8];
}
