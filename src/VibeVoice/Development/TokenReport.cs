namespace VibeVoice.Development;

/// <summary>What came of comparing token ids.</summary>
/// <param name="Cases">Texts that were compared.</param>
/// <param name="Differences">Those whose ids differ, in the order of the file.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record TokenReport(int Cases, IReadOnlyList<TokenDifference> Differences)
{
    /// <summary>Whether there were texts, and all have the recorded ids.</summary>
    public bool IsEqual => Cases > 0 && Differences.Count == 0;
}

/// <summary>A text whose token ids differ.</summary>
/// <param name="Case">Its number in the file, from 0.</param>
/// <param name="Text">The text.</param>
/// <param name="Expected">The recorded ids.</param>
/// <param name="Found">The ids that it has here.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record TokenDifference(int Case, string Text, IReadOnlyList<int> Expected, IReadOnlyList<int> Found)
{
    /// <summary>The first place where the ids differ, from 0; their length where one list begins like the other.</summary>
    public int FirstDifference => Expected.Zip(Found).TakeWhile(pair => pair.First == pair.Second).Count();
}
