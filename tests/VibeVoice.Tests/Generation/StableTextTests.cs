using CsCheck;
using VibeVoice.Generation;
using VibeVoice.Text;

namespace VibeVoice.Tests.Generation;

public sealed class StableTextTests
{
    private static readonly Gen<string> Text = Gen.Char[
            "aeTsl'’“  \n\t.,!?-1٣é\u0301\u0308你好。、\u00a0\u1100\u1161\ud83d\ude00<|>"
        ]
        .Array[0, 60]
        .Select(characters => new string(characters));

    private static readonly Gen<int[]> Sizes = Gen.Int[1, 6].Array[1, 8];

    [Fact]
    public void Any_cutting_gives_the_tokens_of_the_whole() =>
        Hold(TextTokenizer.LoadFile(Path.Combine(GoldenFiles.Tiny, "tokenizer.json")));

    [Fact]
    public void Any_cutting_gives_the_tokens_of_the_whole_with_the_published_vocabulary() =>
        Hold(TextTokenizer.LoadFile(GoldenFiles.Shared("tokenizer", "qwen.tokenizer.json")));

    [Fact]
    public void Words_are_certain_once_the_next_begins()
    {
        var text = new StableText();

        text.Append("  Hello").ShouldBe("");
        text.Append(" wor").ShouldBe("Hello");
        text.Append("ld").ShouldBe("");
        text.Append("!").ShouldBe(" world");
        text.Append(" ").ShouldBe(""); // it may yet be trimmed, and then the newline belongs to the mark
        text.Finish().ShouldBe("!\n");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t ")]
    public void White_space_alone_is_nothing(string whiteSpace)
    {
        var text = new StableText();

        text.Append(whiteSpace).ShouldBe("");
        text.Finish().ShouldBe("");
    }

    private static void Hold(TextTokenizer tokenizer) =>
        Gen.Select(Text, Sizes)
            .Sample(
                (text, sizes) =>
                {
                    var whole = text.Replace('’', '\'').Replace('“', '"').Replace('”', '"').Trim();
                    var expected = whole.Length == 0 ? [] : tokenizer.Encode(whole + "\n");
                    var stable = new StableText();
                    var tokens = new List<int>();
                    for (var (start, i) = (0, 0); start < text.Length; i++)
                    {
                        var length = Math.Min(sizes[i % sizes.Length], text.Length - start);
                        tokens.AddRange(tokenizer.Encode(stable.Append(text.Substring(start, length))));
                        start += length;
                    }

                    tokens.AddRange(tokenizer.Encode(stable.Finish()));
                    return tokens.SequenceEqual(expected);
                },
                iter: 3000
            );
}
