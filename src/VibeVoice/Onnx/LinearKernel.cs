namespace VibeVoice.Onnx;

/// <summary>What computes a linear layer.</summary>
internal enum LinearKernel
{
    /// <summary>ONNX Runtime's <c>MatMul</c> on float32 matrices, which it packs: for any weights, and for many rows.</summary>
    Packed,

    /// <summary><see cref="Streaming.StreamedLinear"/> on the stored bf16 matrices: for few rows.</summary>
    Streamed,
}
