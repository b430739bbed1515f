using System.Security.Cryptography;

namespace VibeVoice.Server.Batch;

/// <summary>A book cut into chapters and jobs. The same book and options give the same plan.</summary>
internal sealed record BatchPlan
{
    private BatchPlan(string bookChecksum, IReadOnlyList<Chapter> chapters, IReadOnlyList<BookPart> parts)
    {
        BookChecksum = bookChecksum;
        Chapters = chapters;
        Parts = parts;
        Jobs = [.. parts.DistinctBy(part => part.Key, StringComparer.Ordinal)];
    }

    /// <summary>SHA-256 of the book's text.</summary>
    public string BookChecksum { get; }

    public IReadOnlyList<Chapter> Chapters { get; }

    /// <summary>All parts in the order of the book.</summary>
    public IReadOnlyList<BookPart> Parts { get; }

    /// <summary>The parts without those that say the same as an earlier one: they are spoken once.</summary>
    public IReadOnlyList<BookPart> Jobs { get; }

    public long Characters => Parts.Sum(part => (long)part.Characters);

    /// <param name="text">The whole book.</param>
    /// <param name="chapters">Its chapters; those without a word to speak are left out, and so are such parts.</param>
    /// <param name="partCharacters">The most characters of a part.</param>
    /// <param name="template">What all jobs share.</param>
    public static BatchPlan Create(
        string text,
        IReadOnlyList<Chapter> chapters,
        int partCharacters,
        JobTemplate template
    )
    {
        var spoken = new List<Chapter>();
        var parts = new List<BookPart>();
        foreach (var chapter in chapters)
        {
            var texts = SpeechText
                .Split(chapter.Text, partCharacters)
                .Where(part => template.HasWords(part.Text))
                .ToList();
            parts.AddRange(
                texts.Select(
                    (part, i) =>
                        new BookPart(
                            spoken.Count,
                            i + 1,
                            part.Text,
                            part.Text.EnumerateRunes().Count(),
                            part.End,
                            template.KeyOf(part.Text)
                        )
                )
            );
            if (texts.Count > 0)
            {
                spoken.Add(chapter);
            }
        }

        var checksum = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text));
        return new BatchPlan(Convert.ToHexStringLower(checksum), spoken, parts);
    }
}
