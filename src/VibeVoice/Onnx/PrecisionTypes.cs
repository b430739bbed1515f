namespace VibeVoice.Onnx;

/// <summary>What a precision means inside a graph.</summary>
internal static class PrecisionTypes
{
    public static TensorType ComputeType(this ModelPrecision precision) =>
        precision == ModelPrecision.Float16 ? TensorType.Float16 : TensorType.Float32;
}
