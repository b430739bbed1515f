using VibeVoice.Checkpoints;

namespace VibeVoice.Development;

/// <summary>One tensor of a recorded run, as float32.</summary>
internal sealed record RecordedNumbers(string Name, string File, long[] Shape, float[] Elements)
{
    /// <summary>Rows of a width: the last dimension must be it, whatever the others are; one number a row may be flat.</summary>
    /// <exception cref="WeightMismatchException">They are of another width.</exception>
    public int RowsOf(int width) =>
        (width == 1 && Shape.Length == 1) || (Shape is [.., var last] && last == width)
            ? Elements.Length / width
            : throw Unexpected($"rows of {width}");

    public WeightMismatchException Unexpected(string expected) => new(Name, File, expected, TensorText.Shape(Shape));
}
