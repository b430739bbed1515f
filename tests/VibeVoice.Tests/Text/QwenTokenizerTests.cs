using System.Text.Json;
using VibeVoice.Text;

namespace VibeVoice.Tests.Text;

/// <summary>Equality with the reference's tokenizer library, whose ids are recorded.</summary>
[Trait("Category", "Reference")]
public sealed class QwenTokenizerTests
{
    private static readonly string _tinyTokenizer = Path.Combine(GoldenFiles.Tiny, "tokenizer.json");

    [Fact]
    public void All_recorded_texts_give_the_recorded_tokens() =>
        ShouldBeEqual(QwenTokenizer(), GoldenFiles.Shared("tokenizer", "cases.json"), expectedCases: 241);

    [Fact]
    public void Letters_outside_the_basic_plane_are_letters() =>
        ShouldBeEqual(QwenTokenizer(), CasesOf("random-qwen.json"), expectedCases: 150);

    [Fact]
    public void Random_texts_give_the_recorded_tokens_of_the_tiny_vocabulary() =>
        ShouldBeEqual(TextTokenizer.LoadFile(_tinyTokenizer), CasesOf("random-tiny.json"), expectedCases: 300);

    private static TextTokenizer QwenTokenizer() =>
        TextTokenizer.LoadFile(GoldenFiles.Shared("tokenizer", "qwen.tokenizer.json"));

    private static string CasesOf(string name) => Path.Combine(AppContext.BaseDirectory, "Text", name);

    private static void ShouldBeEqual(TextTokenizer tokenizer, string casesFile, int expectedCases)
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(casesFile));

        cases.RootElement.GetArrayLength().ShouldBe(expectedCases);
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var expected = item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32());

            tokenizer.EncodeWithAddedTokens(text).ShouldBe(expected, JsonSerializer.Serialize(text));
        }
    }
}
