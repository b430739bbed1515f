using System.Text.Json;
using VibeVoice.Development;

namespace VibeVoice.Tests.Development;

public sealed class TokenCasesTests : IDisposable
{
    private static readonly string _tokenizer = Path.Combine(GoldenFiles.Tiny, "tokenizer.json");
    private static readonly string _cases = Path.Combine(AppContext.BaseDirectory, "Text", "random-tiny.json");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Recorded_tokens_are_found_equal_by_file_and_by_folder()
    {
        foreach (var tokenizer in (string[])[_tokenizer, GoldenFiles.Tiny])
        {
            var report = TokenCases.Compare(_cases, tokenizer);

            report.Cases.ShouldBe(300);
            report.IsEqual.ShouldBeTrue();
        }
    }

    [Fact]
    public void A_vocabulary_with_its_merges_and_added_tokens_beside_it_is_the_same_tokenizer()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(_tokenizer));
        var model = json.RootElement.GetProperty("model");
        var vocabulary = _folder.Write("vocab.json", model.GetProperty("vocab").GetRawText());
        var merges = model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}");
        Should
            .Throw<ModelFormatException>(() => TokenCases.Compare(_cases, vocabulary))
            .Message.ShouldContain("merges.txt");
        _folder.Write("merges.txt", $"#version: 0.2\n{string.Join('\n', merges)}\n");
        var added = json
            .RootElement.GetProperty("added_tokens")
            .EnumerateArray()
            .Select(token => (Id: token.GetProperty("id").GetInt32(), Text: token.GetProperty("content").GetString()!));
        var special = _folder.Write("cases.json", """[{"text":"a<|endoftext|>","ids":[64,361]}]""");
        TokenCases.Compare(special, vocabulary).IsEqual.ShouldBeFalse();

        var byId = added.ToDictionary(token => $"{token.Id}", token => new { content = token.Text });
        _folder.Write("tokenizer_config.json", JsonSerializer.Serialize(new { added_tokens_decoder = byId }));
        TokenCases.Compare(_cases, vocabulary).Differences.ShouldBeEmpty();
        TokenCases.Compare(special, _folder.Path).Differences.ShouldBeEmpty();

        File.Delete(_folder.PathOf("tokenizer_config.json"));
        var byText = added.ToDictionary(token => token.Text, token => token.Id);
        _folder.Write("added_tokens.json", JsonSerializer.Serialize(byText));
        TokenCases.Compare(special, vocabulary).Differences.ShouldBeEmpty();
    }

    [Fact]
    public void A_text_with_other_tokens_is_told_with_the_first_that_differs()
    {
        var cases = _folder.Write("cases.json", """[{"text":"ab","ids":[64,65]},{"text":"ab","ids":[64,1,2]}]""");

        var report = TokenCases.Compare(cases, _tokenizer);

        (report.Cases, report.IsEqual).ShouldBe((2, false));
        var difference = report.Differences.ShouldHaveSingleItem();
        (difference.Case, difference.FirstDifference, difference.Text).ShouldBe((1, 1, "ab"));
        difference.Found.ShouldBe([64, 65]);
    }

    [Theory]
    [InlineData("{}", "no list")]
    [InlineData("[{}]", "Case 0")]
    [InlineData("""[{"text":"a","ids":[64]},{"text":"a","ids":["b"]}]""", "Case 1")]
    [InlineData("""[{"text":"\ud800","ids":[64]}]""", "half a character")]
    [InlineData("[", "JSON")]
    public void A_file_of_another_form_is_refused(string json, string message) =>
        Should
            .Throw<ModelFormatException>(() => TokenCases.Compare(_folder.Write("cases.json", json), _tokenizer))
            .Message.ShouldContain(message);

    [Fact]
    public void No_texts_prove_nothing() =>
        TokenCases.Compare(_folder.Write("cases.json", "[]"), _tokenizer).IsEqual.ShouldBeFalse();
}
