using System.Text.Json;
using VibeVoice.Text;

namespace VibeVoice.Tests.Text;

public sealed class QwenTokenizerTests
{
    [Fact]
    public void All_recorded_texts_give_the_recorded_tokens()
    {
        var tokenizer = TextTokenizer.LoadFile(GoldenFiles.Shared("tokenizer", "qwen.tokenizer.json"));
        using var cases = JsonDocument.Parse(File.ReadAllText(GoldenFiles.Shared("tokenizer", "cases.json")));

        cases.RootElement.GetArrayLength().ShouldBe(241);
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var expected = item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32());

            tokenizer.EncodeWithAddedTokens(text).ShouldBe(expected, JsonSerializer.Serialize(text));
        }
    }
}
