using System.Globalization;
using VibeVoice.Compiled;

namespace WeightCompiler;

/// <summary>Tensors of computed bytes, and how often they were computed.</summary>
/// <param name="count">How many.</param>
/// <param name="bytes">Size of the largest; the others are a little smaller, so that none ends where a page does.</param>
/// <param name="fill">Called before a tensor is filled, with its index.</param>
internal sealed class TestTensors(int count, int bytes, Action<int>? fill = null)
{
    private int _filled;

    public int Filled => _filled;

    public IReadOnlyList<CompiledTensor> All =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => new CompiledTensor(NameOf(index), bytes - index, Filler(index))),
        ];

    public static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"layers.{index}.weight");

    public static byte Expected(int index, int position) => (byte)((index * 31) + (position * 7) + (position >> 8));

    /// <summary>The first tensor that is not as it must be; null where all are.</summary>
    public string? FindWrong(CompiledWeights weights)
    {
        for (var index = 0; index < count; index++)
        {
            var content = weights.Span(NameOf(index));
            var isRight = content.Length == bytes - index;
            for (var position = 0; isRight && position < content.Length; position++)
            {
                isRight = content[position] == Expected(index, position);
            }

            if (!isRight)
            {
                return NameOf(index);
            }
        }

        return null;
    }

    private CompiledTensor.FillMemory Filler(int index) =>
        destination =>
        {
            fill?.Invoke(index);
            Interlocked.Increment(ref _filled);
            for (var position = 0; position < destination.Length; position++)
            {
                destination[position] = Expected(index, position);
            }
        };
}
