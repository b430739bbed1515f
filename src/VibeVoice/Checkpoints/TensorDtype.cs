using System.Diagnostics;

namespace VibeVoice.Checkpoints;

/// <summary>Element types of safetensors files; the names are those of the format, but for case.</summary>
internal enum TensorDtype
{
    Bool,
    U8,
    I8,
    F8E4M3,
    F8E5M2,
    U16,
    I16,
    F16,
    BF16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
}

/// <summary>Names and sizes of <see cref="TensorDtype"/>.</summary>
internal static class TensorDtypes
{
    public static TensorDtype? Parse(string name) =>
        name switch
        {
            "BOOL" => TensorDtype.Bool,
            "U8" => TensorDtype.U8,
            "I8" => TensorDtype.I8,
            "F8_E4M3" => TensorDtype.F8E4M3,
            "F8_E5M2" => TensorDtype.F8E5M2,
            "U16" => TensorDtype.U16,
            "I16" => TensorDtype.I16,
            "F16" => TensorDtype.F16,
            "BF16" => TensorDtype.BF16,
            "U32" => TensorDtype.U32,
            "I32" => TensorDtype.I32,
            "F32" => TensorDtype.F32,
            "U64" => TensorDtype.U64,
            "I64" => TensorDtype.I64,
            "F64" => TensorDtype.F64,
            _ => null,
        };

    /// <summary>The name as safetensors spells it.</summary>
    public static string Name(this TensorDtype dtype) =>
        dtype switch
        {
            TensorDtype.F8E4M3 => "F8_E4M3",
            TensorDtype.F8E5M2 => "F8_E5M2",
            TensorDtype.Bool => "BOOL",
            _ => dtype.ToString(),
        };

    /// <summary>Bytes of one element.</summary>
    public static int Size(this TensorDtype dtype) =>
        dtype switch
        {
            TensorDtype.Bool or TensorDtype.U8 or TensorDtype.I8 or TensorDtype.F8E4M3 or TensorDtype.F8E5M2 => 1,
            TensorDtype.U16 or TensorDtype.I16 or TensorDtype.F16 or TensorDtype.BF16 => 2,
            TensorDtype.U32 or TensorDtype.I32 or TensorDtype.F32 => 4,
            TensorDtype.U64 or TensorDtype.I64 or TensorDtype.F64 => 8,
            _ => throw new UnreachableException(),
        };

    /// <summary>Whether weights are published in it.</summary>
    public static bool IsWeight(this TensorDtype dtype) =>
        dtype is TensorDtype.BF16 or TensorDtype.F16 or TensorDtype.F32;
}
