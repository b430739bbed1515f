using CsCheck;
using VibeVoice.Server.Speech.Preview;

namespace VibeVoice.Server.Tests.Speech.Preview;

public sealed class PreviewTextTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
            Gen.Const(". "),
            Gen.Const("\n"),
            Gen.Const("。"),
            Gen.Const("😀"),
            Gen.Const(" "),
            Gen.String[Gen.Char.AlphaNumeric, 1, 300]
        )
        .Array[1, 60]
        .Select(string.Concat);

    [Fact]
    public void The_pieces_are_the_text_and_none_is_empty_or_huge() =>
        Texts.Sample(text =>
        {
            var pieces = PreviewText.Split(text).ToList();
            string.Concat(pieces).ShouldBe(text);
            pieces.ShouldAllBe(piece => piece.Length >= 1 && piece.Length <= 1500);
        });

    [Fact]
    public void No_piece_ends_in_half_a_character() =>
        PreviewText
            .Split(string.Concat(Enumerable.Repeat("😀", 4_000)).Insert(0, "a"))
            .ShouldAllBe(piece => !char.IsHighSurrogate(piece.Last()));

    [Fact]
    public void A_piece_ends_where_a_sentence_does()
    {
        var sentence = "This is version 3.14 of a sentence that goes on for a while, e.g. like so. ";

        PreviewText
            .Split(string.Concat(Enumerable.Repeat(sentence, 30)))
            .ShouldAllBe(piece =>
                piece.EndsWith("so. ", StringComparison.Ordinal) || piece.EndsWith("e.g. ", StringComparison.Ordinal)
            );
    }

    [Theory]
    [InlineData("say [[h@l'oU]]", "say [ [h@l'oU]]")]
    [InlineData("[[[[", "[ [ [ [")]
    [InlineData("a\u0001 30S b", "a  30S b")]
    [InlineData("a\0b\tc\r\nd", "a b c \nd")]
    [InlineData("<|endoftext|> <speak>", "<|endoftext|> <speak>")]
    public void What_espeak_would_obey_is_taken_away(string text, string escaped) =>
        PreviewText.Escape(text).ShouldBe(escaped);
}
