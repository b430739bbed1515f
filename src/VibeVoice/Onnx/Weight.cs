using VibeVoice.Checkpoints;

namespace VibeVoice.Onnx;

/// <summary>A tensor that graphs need and a session is given: how it is called, how large it is, how it is filled.</summary>
/// <param name="Name">The checkpoint's name for it; weights of the same name are the same numbers in every graph.</param>
/// <param name="Shape">As the graph wants it, which need not be the checkpoint's order.</param>
/// <param name="Fill">Writes its numbers; called once, however many graphs use it.</param>
internal sealed record Weight(string Name, long[] Shape, FillWeight Fill)
{
    /// <summary>The type that a session is given it in; it is read as float32 and converted.</summary>
    public TensorType Type { get; init; } = TensorType.Float32;

    /// <summary>As it lies in the checkpoint.</summary>
    public static Weight Stored(string name, params long[] shape) =>
        new(name, shape, (checkpoint, destination) => checkpoint.Read(name, shape, destination));

    /// <summary>Ones: for a norm without a weight of its own.</summary>
    public static Weight Ones(string name, long length) => new(name, [length], (_, destination) => destination.Fill(1));

    /// <summary>A linear layer's matrix: stored <c>[out, in]</c>, multiplied from the right as <c>[in, out]</c>.</summary>
    public static Weight Linear(string name, long inputs, long outputs) =>
        new(
            name,
            [inputs, outputs],
            (checkpoint, destination) =>
                Transpose(checkpoint.Read(name, outputs, inputs), (int)outputs, (int)inputs, destination)
        );

    private static void Transpose(ReadOnlySpan<float> source, int rows, int columns, Span<float> destination)
    {
        const int block = 32; // Both sides stay in the first cache; a plain double loop takes five times as long.
        for (var firstRow = 0; firstRow < rows; firstRow += block)
        {
            var lastRow = Math.Min(firstRow + block, rows);
            for (var firstColumn = 0; firstColumn < columns; firstColumn += block)
            {
                var lastColumn = Math.Min(firstColumn + block, columns);
                for (var row = firstRow; row < lastRow; row++)
                {
                    for (var column = firstColumn; column < lastColumn; column++)
                    {
                        destination[(column * rows) + row] = source[(row * columns) + column];
                    }
                }
            }
        }
    }
}

/// <summary>Fills a weight from a checkpoint.</summary>
internal delegate void FillWeight(Checkpoint checkpoint, Span<float> destination);
