namespace VibeVoice.Native;

/// <summary>How the weights of a linear layer are held.</summary>
internal enum PanelFormat
{
    /// <summary>8 bits and a float32 scale for 64 inputs of an output.</summary>
    Int8,

    /// <summary>4 bits and a float32 scale for 64 inputs of an output.</summary>
    Int4,

    /// <summary>As bf16, which is exact where the checkpoint stores bf16.</summary>
    BFloat16,

    /// <summary>As float32, which is always exact.</summary>
    Float32,
}

/// <summary>Sizes of panels: 16 outputs each, all inputs.</summary>
internal static class Panels
{
    /// <summary>Outputs of a panel; widths of all rows are padded to it, with zeros.</summary>
    public const int Outputs = 16;

    public static int Padded(int width) => (width + Outputs - 1) / Outputs * Outputs;

    /// <summary>Bytes of one panel.</summary>
    public static long BytesOf(PanelFormat format, int inputs) =>
        format switch
        {
            PanelFormat.Int8 => (long)BlocksOf(inputs) * Int8Panels.BlockBytes,
            PanelFormat.Int4 => (long)BlocksOf(inputs) * Int4Panels.BlockBytes,
            PanelFormat.BFloat16 => (long)inputs * Outputs * sizeof(ushort),
            _ => (long)inputs * Outputs * sizeof(float),
        };

    /// <summary>Blocks of 64 inputs, the last one padded with zeros.</summary>
    public static int BlocksOf(int inputs) => (inputs + Int8Panels.Block - 1) / Int8Panels.Block;

    public static bool IsQuantized(this PanelFormat format) => format is PanelFormat.Int8 or PanelFormat.Int4;
}
