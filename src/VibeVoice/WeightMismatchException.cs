namespace VibeVoice;

/// <summary>A tensor of a checkpoint or voice is missing, or is not what the configuration calls for.</summary>
public sealed class WeightMismatchException : Exception
{
    /// <summary>Tells which tensor of which file is not as expected.</summary>
    /// <param name="tensor">The name of the tensor.</param>
    /// <param name="file">The file that was read.</param>
    /// <param name="expected">What the configuration calls for, such as <c>shape [64, 16]</c>.</param>
    /// <param name="found">What the file holds, such as <c>shape [16, 64]</c>.</param>
    public WeightMismatchException(string tensor, string file, string expected, string found)
        : base(
            $"Tensor '{tensor}' in '{file}': found {found}, but expected {expected}. "
                + "Check that config.json, the .safetensors files and the voices come from the same checkpoint."
        )
    {
        Tensor = tensor;
        File = file;
        Expected = expected;
        Found = found;
    }

    /// <summary>The name of the tensor.</summary>
    public string Tensor { get; }

    /// <summary>The file that was read.</summary>
    public string File { get; }

    /// <summary>What the configuration calls for.</summary>
    public string Expected { get; }

    /// <summary>What the file holds.</summary>
    public string Found { get; }
}
