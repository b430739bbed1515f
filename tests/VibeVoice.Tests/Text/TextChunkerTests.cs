using CsCheck;
using VibeVoice.Text.Chunks;

namespace VibeVoice.Tests.Text;

/// <summary>Where a long text is split. A token is a character here, so that budgets can be counted.</summary>
public sealed class TextChunkerTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
            Cuttings.OneOf(
                "word ",
                "a ",
                "longer ",
                "e.g. ",
                "Mr. ",
                "3.14 ",
                "J. ",
                "Yes. ",
                "No! ",
                "so, ",
                "(aside) "
            ),
            Cuttings.OneOf(
                "\n",
                "\n\n",
                "你好。",
                "「はい。」",
                "、",
                "—",
                "…",
                "? ",
                "\" ",
                "[pause:1s]",
                "1. ",
                "No. 5 "
            ),
            Cuttings.OneOf(
                "é\u0301\u0301",
                "👩‍👩‍👧",
                "\ud83d\ude00",
                "Donaudampfschifffahrtsgesellschaftskapitänsmütze"
            ),
            Gen.String[Gen.Char.AlphaNumeric, 1, 150]
        )
        .Array[0, 60]
        .Select(string.Concat);

    [Fact]
    public void Any_cutting_splits_a_text_as_the_whole() =>
        Gen.Select(Texts, Cuttings.Sizes, Gen.Int[1, 200])
            .Sample(
                (text, sizes, budget) =>
                {
                    var script = CreateScript(budget);
                    var parts = Cuttings.Cut(text, sizes).SelectMany(script.Append).ToList();
                    parts.AddRange(script.Finish());
                    return parts.SequenceEqual(Read(text, budget));
                },
                iter: 10_000
            );

    [Fact]
    public void Chunks_keep_their_budget_and_joined_are_the_text() =>
        Gen.Select(Texts, Gen.Int[1, 200])
            .Sample(
                (text, budget) =>
                {
                    var plain = text.Replace("[pause:1s]", "", StringComparison.Ordinal);
                    var chunks = Split(plain, budget);
                    chunks.ShouldAllBe(chunk =>
                        chunk.Text.Length > 0 && (chunk.Text.Length <= budget || IsOneCharacter(chunk.Text))
                    );
                    Letters(string.Concat(chunks.Select(chunk => chunk.Text)))
                        .ShouldBe(Letters(SpeechText.Prepare(plain)[0].Text));
                },
                iter: 5_000
            );

    [Fact]
    public void What_fits_is_one_chunk() =>
        Split("One. Two.\n\nThree.", 100).ShouldBe([("One. Two.\n\nThree.", "TextEnd")]);

    [Fact]
    public void A_paragraph_is_taken_from_half_of_the_budget_on()
    {
        var text = $"{Sentence(60)}\n\n{Sentence(20)} {Sentence(100)}";

        Split(text, 100).Select(chunk => chunk.End).ShouldBe(["Paragraph", "Word", "TextEnd"]);
        Split(text, 130)[0].End.ShouldBe("Word"); // less than half: 60 of 130
    }

    [Fact]
    public void A_sentence_is_taken_from_three_quarters_and_a_clause_from_nine_tenths_on()
    {
        Split($"{Sentence(80)} {Sentence(90)}", 100)[0].ShouldBe((Sentence(80), "Sentence"));
        Split($"{Sentence(70)} {Sentence(90)}", 100)[0].End.ShouldBe("Word");
        var clause = Sentence(92)[..^1] + ",";
        Split($"{clause} {Sentence(90)}", 100)[0].ShouldBe((clause, "Clause"));
    }

    [Fact]
    public void A_short_rest_is_no_chunk_of_its_own_if_it_fits() =>
        Split($"{Sentence(80)} The end.", 100).Count.ShouldBe(1);

    [Theory]
    [InlineData("Mr. ", "Smith")]
    [InlineData("e.g. ", "Apples")]
    [InlineData("J. ", "Smith")]
    [InlineData("U.S. ", "Army")]
    [InlineData("No. ", "5")]
    [InlineData("Fig. ", "3")]
    [InlineData("“Really?” ", "he said")]
    [InlineData("approx. ", "five")]
    [InlineData("3.", "14")]
    [InlineData("Wait… ", "what")]
    public void What_only_looks_like_the_end_of_a_sentence_is_none(string end, string next) =>
        Between(end, next).ShouldNotBe("Sentence");

    [Theory]
    [InlineData("done. ", "Then")]
    [InlineData("done.” ", "Then")]
    [InlineData("(done.) ", "Then")]
    [InlineData("in 1990. ", "Then")]
    [InlineData("Oh no. ", "Then")]
    [InlineData("what?! ", "“Then")]
    [InlineData("wait... ", "Then")]
    [InlineData("好。", "你")]
    [InlineData("はい！", "え")]
    [InlineData("है। ", "फिर")]
    [InlineData("نعم؟ ", "ثم")]
    public void The_end_of_a_sentence_is_seen(string end, string next) => Between(end, next).ShouldBe("Sentence");

    [Theory]
    [InlineData("first, ", "then", "Clause")]
    [InlineData("thus: ", "then", "Clause")]
    [InlineData("this—", "then", "Clause")]
    [InlineData("(aside) ", "then", "Clause")]
    [InlineData("你，", "好", "Clause")]
    [InlineData("line\n", "next", "Clause")]
    [InlineData("word ", "next", "Word")]
    [InlineData("end.\n\n", "Next", "Paragraph")]
    public void Lesser_places_are_told_apart(string end, string next, string expected) =>
        Between(end, next).ShouldBe(expected);

    [Fact]
    public void A_number_that_begins_a_line_stays_with_its_line()
    {
        var atoms = new AtomReader();
        List<Atom> all = [.. atoms.Append("Lists:\n1. First\n2. Second. 3. Third "), .. atoms.Finish()];

        all.Single(atom => atom.Text == " First").Before.ShouldBe(ChunkBoundary.Word);
        all.Single(atom => atom.Text == " Third").Before.ShouldBe(ChunkBoundary.Sentence);
    }

    [Fact]
    public void A_pause_ends_a_chunk()
    {
        Read("[pause:1s]One.[pause:2s][pause:3s]Two.[pause:4s]", 100)
            .Select(part =>
                part.Kind == ScriptPartKind.Words ? part.Text
                : part.Kind == ScriptPartKind.End ? $"{part.Boundary}"
                : $"{part.Pause.TotalSeconds}"
            )
            .ShouldBe(["1", "One.", "Pause", "2", "3", "Two.", "Pause", "4"]);
    }

    [Fact]
    public void Words_are_handed_on_before_the_end_of_their_chunk_is_known()
    {
        var script = CreateScript(1000);

        Words(script.Append("The first words ")).ShouldBe("The first");
        Words(script.Append("of a sen")).ShouldBe(" words of a");
        Words(script.Append("tence. An")).ShouldBe(" sentence.");
    }

    private static string Words(IEnumerable<ScriptPart> parts) => string.Concat(parts.Select(part => part.Text));

    private static string Between(string end, string next)
    {
        var atoms = new AtomReader();
        // Something before, so that the end does not begin the text.
        var text = SpeechText.Prepare($"And so {end}{next} goes on")[0].Text;
        List<Atom> all = [.. atoms.Append(text), .. atoms.Finish()];
        var first = SpeechText.Prepare(next.Split(' ')[0])[0].Text;
        return all.FirstOrDefault(atom => atom.Text.TrimStart().StartsWith(first, StringComparison.Ordinal))
            .Before.ToString();
    }

    /// <summary>Words of four letters and a full stop, so many characters in all.</summary>
    private static string Sentence(int length)
    {
        var words = string.Concat(Enumerable.Repeat("four ", (length / 5) + 1))[1..(length - 1)];
        return $"F{words.TrimEnd().PadRight(length - 2, 'x')}.";
    }

    private static SpeechScript CreateScript(int budget) => new(new TextOptions(), text => text.Length, budget);

    private static List<ScriptPart> Read(string text, int budget)
    {
        var script = CreateScript(budget);
        return [.. script.Append(text), .. script.Finish()];
    }

    private static List<(string Text, string End)> Split(string text, int budget)
    {
        var chunks = new List<(string, string)>();
        var open = "";
        foreach (var part in Read(text, budget))
        {
            open += part.Text;
            if (part.Kind == ScriptPartKind.End)
            {
                chunks.Add((open, part.Boundary.ToString()));
                open = "";
            }
        }

        open.ShouldBe("");
        return chunks;
    }

    private static bool IsOneCharacter(string text) =>
        System.Globalization.StringInfo.GetNextTextElementLength(text) == text.Length;

    private static string Letters(string text) =>
        string.Concat(text.Where(character => character is not (' ' or '\n')));
}
