using CsCheck;
using VibeVoice.Text.Preparation;

namespace VibeVoice.Tests.Text;

/// <summary>What is done to a text before it is spoken.</summary>
public sealed class TextPreparationTests
{
    private static readonly TextOptions All = new() { RemoveMarkdown = true, RemoveEmoji = true };

    /// <summary>Everything that a rule looks at, in any order.</summary>
    private static readonly Gen<string> Texts = Gen.OneOf(
            Cuttings.OneOf("word", "a", "3.14", "é", "你好。", "می", "2*3*4", "snake_case", "C#", "http://x.y/z(1)"),
            Cuttings.OneOf(
                " ",
                "  ",
                "\n",
                "\r\n",
                "\n\n",
                "\t",
                "\u00a0",
                "\u200b",
                "\u200c",
                "\ufeff",
                "\u2029",
                "\0"
            ),
            Cuttings.OneOf(
                "*",
                "**",
                "***",
                "_",
                "__",
                "~~",
                "`",
                "``",
                "```",
                "~~~",
                "#",
                "##",
                ">",
                "|",
                "|--|",
                "-",
                "---"
            ),
            Cuttings.OneOf(
                "[",
                "]",
                "(",
                ")",
                "](",
                "![",
                "<",
                ">",
                "\\",
                "[x]",
                "[pause:5ms]",
                "[pause: 1.5 S ]",
                "[pause"
            ),
            Cuttings.OneOf(
                "😀",
                "👩‍👩‍👧",
                "🏳️‍🌈",
                "🇩🇪",
                "1️⃣",
                "❤️",
                "👍🏽",
                "\ud83d",
                "\ude00",
                "\u200d",
                "\ufe0f",
                "’",
                "“"
            ),
            Cuttings.OneOf(".", "!", ",", "…", "1", "=")
        )
        .Array[0, 40]
        .Select(string.Concat);

    [Fact]
    public void Any_cutting_prepares_a_text_as_the_whole() =>
        Gen.Select(Texts, Cuttings.Sizes, Gen.Bool, Gen.Bool)
            .Sample(
                (text, sizes, markdown, emoji) =>
                {
                    var options = new TextOptions { RemoveMarkdown = markdown, RemoveEmoji = emoji };
                    var preparation = new TextPreparation(options);
                    var pieces = Cuttings.Cut(text, sizes).SelectMany(preparation.Append).ToList();
                    return Show([.. pieces, .. preparation.Finish()]) == Prepare(text, options);
                },
                iter: 20_000
            );

    [Fact]
    public void Preparing_twice_changes_no_more() =>
        Texts.Sample(text =>
        {
            var once = Prepare(text.Replace("[", "", StringComparison.Ordinal), new TextOptions());
            return Prepare(once, new TextOptions()) == once;
        });

    [Theory]
    [InlineData("“It’s ‘so’,” he said.", "\"It's 'so',\" he said.")]
    [InlineData("„Gut“", "\"Gut\"")]
    [InlineData("  a \t b\u00a0\u2003c  ", "a b c")]
    [InlineData("a\r\nb\rc\u0085d", "a\nb\nc\nd")]
    [InlineData("a \n \n\n\t b", "a\n\nb")]
    [InlineData("a\u2029b\u2028c", "a\n\nb\nc")]
    [InlineData("\ufeffa\u200bb\u00adc\u2060d\u0007e\u200ef", "abcdef")]
    [InlineData("a\ufdd0b\ufffec", "abc")]
    [InlineData("می\u200cخواهم", "می\u200cخواهم")]
    [InlineData("क\u094d\u200dष", "क\u094d\u200dष")]
    [InlineData("zero\u200cwidth\u200djoiner", "zerowidthjoiner")]
    [InlineData("👩\u200d🚀", "👩\u200d🚀")]
    [InlineData("5 * 3 <|endoftext|> #1", "5 * 3 <|endoftext|> #1")]
    public void Always_what_nobody_can_hear_is_made_one(string text, string expected) =>
        Prepare(text, new TextOptions()).ShouldBe(expected);

    [Theory]
    [InlineData("5 * 3, 2*3*4 and 5*3 = 15")]
    [InlineData("snake_case and __init")]
    [InlineData("C# is #1, a#b")]
    [InlineData("#hashtag")]
    [InlineData("-5 degrees, +3 and *args")]
    [InlineData("a | b || c")]
    [InlineData("if a < b and b > c")]
    [InlineData("x[0](y")]
    [InlineData("list[1] and [note]")]
    [InlineData(">5 apples")]
    [InlineData("Price* and more")]
    [InlineData("a ` b")]
    [InlineData("1. First\n2. Second")]
    [InlineData("C:\\path")]
    [InlineData("~5 minutes")]
    public void What_only_looks_like_markdown_stays(string text) => Prepare(text, All).ShouldBe(text);

    [Theory]
    [InlineData("# Title #\nText", "Title\nText")]
    [InlineData("###### Six", "Six")]
    [InlineData("Title\n=====\nText", "Title\n\nText")]
    [InlineData("- one\n* two\n  + three", "one\ntwo\nthree")]
    [InlineData("- [ ] open\n- [x] done", "open\ndone")]
    [InlineData("**bold** and *it* and __b__ and _i_ and ~~gone~~", "bold and it and b and i and gone")]
    [InlineData("***both*** **bold *and it***", "both bold and it")]
    [InlineData("**bold**text", "boldtext")]
    [InlineData("use `a*b*c` and ``x ` y``", "use a*b*c and x ` y")]
    [InlineData("```csharp\nvar x = *y*;\n```\nafter", "var x = *y*;\n\nafter")]
    [InlineData("~~~\ncode\n~~~", "code")]
    [InlineData("see [the **docs**](https://x.y/z_(1) \"title\") now", "see the docs now")]
    [InlineData("![a cat](cat.png) sits", "a cat sits")]
    [InlineData("[![badge](b.svg)](https://x.y)", "badge")]
    [InlineData("at <https://x.y>", "at https://x.y")]
    [InlineData("> quoted\n> > twice", "quoted\ntwice")]
    [InlineData("a\n\n---\n\n* * *\n\nb", "a\n\nb")]
    [InlineData("| Name | Age |\n|:-----|----:|\n| Ann | 5 |", "Name Age\n\nAnn 5")]
    [InlineData("\\*not emphasis\\*", "*not emphasis*")]
    public void The_marks_of_markdown_go_and_its_words_stay(string text, string expected) =>
        Prepare(text, All).ShouldBe(expected);

    [Theory]
    [InlineData("Hello 😀 there", "Hello there")]
    [InlineData("Great 🎉!", "Great!")]
    [InlineData("one😀two", "one two")]
    [InlineData("👩‍👩‍👧‍👦 👍🏽 🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️‍🔥 x", "x")]
    [InlineData("1️⃣ First, #️⃣ then", "First, then")]
    [InlineData("☎ ✔ ★ ⌚ x", "x")]
    [InlineData("© 2026, Acme™ ®️ ℹ 5° → Ⅷ ½ C♯ ① a² ٣", "© 2026, Acme™ ® ℹ 5° → Ⅷ ½ C♯ ① a² ٣")]
    [InlineData("𝐀𝟘 你好 한국어 あ", "𝐀𝟘 你好 한국어 あ")]
    [InlineData("10:30 a.m. #1", "10:30 a.m. #1")]
    public void Emoji_go_and_letters_stay(string text, string expected) => Prepare(text, All).ShouldBe(expected);

    [Fact]
    public void Half_a_surrogate_pair_is_no_text() =>
        Prepare("a\ud800b\udc00", new TextOptions()).ShouldBe("a\ufffdb\ufffd");

    [Fact]
    public void Without_being_asked_markdown_and_emoji_stay() =>
        Prepare("# **Hi** 😀 [a](b)", new TextOptions()).ShouldBe("# **Hi** 😀 [a](b)");

    [Theory]
    [InlineData("a[pause:500ms]b", "a<500>b")]
    [InlineData("[pause:1.5s] a [PAUSE : 2 S ]", "<1500>a<2000>")]
    [InlineData("a [pause:1s][pause:.25s] [pause:0ms] b", "a<1000><250><0>b")]
    [InlineData("[pause:0.0001ms]", "<0.0001>")]
    [InlineData("a\n\n[pause:60s]\n\nb", "a<60000>b")]
    [InlineData("[[pause:1ms]]", "[<1>]")]
    public void A_pause_is_read(string text, string expected) => Prepare(text, All).ShouldBe(expected);

    [Theory]
    [InlineData("[pause]")]
    [InlineData("[pause:500]")]
    [InlineData("[pause:-1s]")]
    [InlineData("[pause:1,5s]")]
    [InlineData("[pause:1 minute]")]
    [InlineData("[pause:1s")]
    [InlineData("[pauses:1s]")]
    [InlineData("[break:1s]")]
    [InlineData("pause:1s]")]
    [InlineData("[pause:1.s]")]
    public void What_is_no_pause_is_text(string text) => Prepare(text, new TextOptions()).ShouldBe(text);

    [Fact]
    public void A_pause_can_be_text() =>
        Prepare("a[pause:1s]", new TextOptions { ReadPauses = false }).ShouldBe("a[pause:1s]");

    [Theory]
    [InlineData("a [pause:60.001s]", "60.001s")]
    [InlineData("[pause:60001MS]", "60001ms")]
    [InlineData("[pause:99999999999999999999999999999999s]", "99999999999999999999999999999999s")]
    public void A_pause_that_is_too_long_names_itself_and_the_limit(string text, string found)
    {
        var failure = Should.Throw<PauseTooLongException>(() => Prepare(text, new TextOptions()));

        failure.Found.ShouldBe(found);
        failure.Message.ShouldBe(
            $"The text has a pause of {found}, but 60s is the longest; use a shorter one, or several in a row."
        );
    }

    [Fact]
    public void Plain_words_are_held_back_by_a_few_characters_only()
    {
        var preparation = new TextPreparation(All);

        Show(preparation.Append("Plain words, and ")).ShouldBe("Plain words, and");
        Show(preparation.Append("more (of them) ")).ShouldBe(" more (of them)");
        Show(preparation.Append("[not a pause")).ShouldBe(""); // it may be a link
        Show(preparation.Append("] at all ")).ShouldBe(" [not a pause] at all");
    }

    [Fact]
    public void Text_without_an_end_to_its_marks_is_no_attack()
    {
        foreach (
            var part in (string[])["*a ", "[", "](", "`", "[pause:", "|-", "😀", "\u0301", "[a](b", "> ", "***", "~~ "]
        )
        {
            Prepare(string.Concat(Enumerable.Repeat(part, 10_000)), All).Length.ShouldBeLessThan(100_000);
        }
    }

    [Fact]
    public void A_whole_text_is_prepared_in_stretches()
    {
        SpeechText
            .Prepare("[pause:1s] Hello. [pause:1s][pause:500ms] There ")
            .ShouldBe([
                new TextStretch("", TimeSpan.FromSeconds(1)),
                new TextStretch("Hello.", TimeSpan.FromSeconds(1.5)),
                new TextStretch("There", TimeSpan.Zero),
            ]);
        SpeechText.Prepare(" \u200b ").ShouldBe([new TextStretch("", TimeSpan.Zero)]);
        new TextStretch("", TimeSpan.FromTicks(625)).CountPauseSamples(24_000).ShouldBe(2); // 1.5
        new TextStretch("", TimeSpan.FromMilliseconds(500)).CountPauseSamples(22_050).ShouldBe(11_025);
    }

    private static string Prepare(string text, TextOptions options)
    {
        var preparation = new TextPreparation(options);
        return Show([.. preparation.Append(text), .. preparation.Finish()]);
    }

    private static string Show(IEnumerable<PreparedPiece> pieces) =>
        string.Concat(
            pieces.Select(piece =>
                piece.Pause is { } pause ? FormattableString.Invariant($"<{pause.TotalMilliseconds}>") : piece.Text
            )
        );

    [Fact]
    public void A_text_that_is_still_being_written_is_prepared_as_the_whole() =>
        Gen.Select(Texts, Cuttings.Sizes)
            .Sample(
                (text, sizes) =>
                {
                    var whole = SpeechText.Prepare(text, All);
                    var pieces = SpeechText
                        .PrepareAsync(Cuttings.CutAsync(text, sizes), All)
                        .ToBlockingEnumerable()
                        .ToList();
                    string.Concat(pieces.Select(piece => piece.Text))
                        .ShouldBe(string.Concat(whole.Select(stretch => stretch.Text)));
                    pieces
                        .Aggregate(TimeSpan.Zero, (sum, piece) => sum + piece.Pause)
                        .ShouldBe(whole.Aggregate(TimeSpan.Zero, (sum, stretch) => sum + stretch.Pause));
                },
                iter: 1000
            );
}
