namespace VibeVoice.Native;

/// <summary>The order of quantised activations: tiles of 8 rows, in a tile block after block of 64 inputs, in a block the rows.</summary>
/// <remarks>
/// A product goes through a panel once for a tile, and so reads a tile from front to back, all rows of a block side by side: long
/// rows far apart would lie in the same sets of the cache. A last tile of fewer rows has as many slots as the product has a
/// method for; what is in slots without a row is never looked at.
/// </remarks>
internal static class ActivationTiles
{
    public const int Rows = 8;

    /// <summary>Slots of a tile with some rows.</summary>
    public static int SlotsOf(int rows) =>
        rows switch
        {
            3 => 4,
            6 or 7 => Rows,
            _ => rows, // 5 is a window of text
        };

    /// <summary>Slots of all tiles together.</summary>
    public static int SlotsOfAll(int rows) => (rows / Rows * Rows) + SlotsOf(rows % Rows);

    /// <summary>The number of a block of a row, among all blocks of all slots.</summary>
    public static nint Place(int row, int block, int rows, int blocks)
    {
        var tile = row / Rows * Rows;
        var slots = SlotsOf(Math.Min(rows - tile, Rows));
        return ((nint)tile * blocks) + ((nint)block * slots) + (row - tile);
    }
}
