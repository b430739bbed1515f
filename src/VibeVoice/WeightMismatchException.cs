namespace VibeVoice;

/// <summary>A tensor of a checkpoint or voice is missing, or is not what the configuration calls for.</summary>
/// <remarks>Safe to read from any thread; nothing to dispose.</remarks>
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

    private WeightMismatchException(WeightMismatchException first, string others)
        : base($"{first.Message} {others}", first)
    {
        Tensor = first.Tensor;
        File = first.File;
        Expected = first.Expected;
        Found = first.Found;
    }

    /// <summary>The name of the tensor.</summary>
    public string Tensor { get; }

    /// <summary>The file that was read.</summary>
    public string File { get; }

    /// <summary>What the configuration calls for.</summary>
    public string Expected { get; }

    /// <summary>What the file holds.</summary>
    public string Found { get; }

    internal static WeightMismatchException Missing(string tensor, string file, string expected) =>
        new(tensor, file, expected, "nothing of that name");

    /// <summary>The same, when other tensors are wrong too: whoever fixes one wants to know of all.</summary>
    internal WeightMismatchException WithOthers(IReadOnlyList<string> tensors)
    {
        const int named = 5;
        var names = string.Join(", ", tensors.Take(named).Select(tensor => $"'{tensor}'"));
        var more = tensors.Count > named ? $" and {tensors.Count - named} more" : "";
        return new WeightMismatchException(this, $"Also not as expected: {names}{more}.");
    }
}
