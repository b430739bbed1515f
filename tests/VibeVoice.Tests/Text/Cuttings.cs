using CsCheck;

namespace VibeVoice.Tests.Text;

/// <summary>Texts cut into pieces of every length, for laws that no cutting may break.</summary>
internal static class Cuttings
{
    /// <summary>Lengths of pieces, over and over.</summary>
    public static Gen<int[]> Sizes { get; } = Gen.Int[1, 9].Array[1, 8];

    public static Gen<string> OneOf(params string[] choices) => Gen.Int[0, choices.Length - 1].Select(i => choices[i]);

    public static IEnumerable<string> Cut(string text, int[] sizes)
    {
        for (var (start, i) = (0, 0); start < text.Length; i++)
        {
            var length = Math.Min(sizes[i % sizes.Length], text.Length - start);
            yield return text.Substring(start, length);
            start += length;
        }
    }

    public static async IAsyncEnumerable<string> CutAsync(string text, params int[] sizes)
    {
        foreach (var piece in Cut(text, sizes))
        {
            await Task.Yield();
            yield return piece;
        }
    }
}
