using CsCheck;

namespace VibeVoice.Tests.Text;

/// <summary>A text in parts is the text, and every part keeps to its bound.</summary>
public sealed class TextSplitTests
{
    private static readonly Gen<string> Texts = Cuttings
        .OneOf(
            "word ",
            "Yes. ",
            "so, ",
            "\n",
            "\r\n\r\n",
            "你好。",
            "👩‍👩‍👧‍👦",
            "\ud83d", // half a pair
            "[pause:1s]",
            "\u200b",
            new string('x', 200)
        )
        .List[0, 80]
        .Select(pieces => string.Concat(pieces));

    [Fact]
    public void Parts_joined_are_the_prepared_text_and_keep_to_the_bound() =>
        Gen.Select(Texts, Gen.Int[64, 300])
            .Sample(
                (text, most) =>
                {
                    var parts = SpeechText.Split(text, most);
                    var prepared = SpeechText.Prepare(text, new TextOptions { ReadPauses = false })[0].Text;
                    return parts.All(part => part.Text.Length > 0 && part.Text.EnumerateRunes().Count() <= most)
                        && Visible(string.Concat(parts.Select(part => part.Text))) == Visible(prepared);
                }
            );

    [Fact]
    public void A_short_text_is_one_part() =>
        SpeechText
            .Split("One. Two.\n\nThree.", 64)
            .ShouldBe([new TextPart("One. Two.\n\nThree.", ChunkBoundary.TextEnd)]);

    [Fact]
    public void Parts_end_at_paragraphs_rather_than_sentences()
    {
        var first = string.Concat(Enumerable.Repeat("One more of them. ", 4)).TrimEnd();

        SpeechText
            .Split($"{first}\n\n{first}", 100)
            .ShouldBe([new TextPart(first, ChunkBoundary.Paragraph), new TextPart(first, ChunkBoundary.TextEnd)]);
    }

    [Fact]
    public void A_bound_that_cannot_be_kept_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() => SpeechText.Split("x", 63));

    private static string Visible(string text) => string.Concat(text.Where(c => c is not (' ' or '\n')));
}
