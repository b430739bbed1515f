using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Text;

namespace VibeVoice.Tests.Text;

public sealed class TextTokenizerTests : IDisposable
{
    private const string Sample = "Hello there! This is a test of streaming speech, isn't it?\n";
    private readonly TemporaryFolder _folder = new();
    private readonly TextTokenizer _tiny = TextTokenizer.Load(GoldenFiles.Tiny);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Special_tokens_in_a_text_are_text()
    {
        _tiny.EncodeWithAddedTokens("a<|endoftext|>b").ShouldContain(361);

        _tiny.Encode("a<|endoftext|>b").ShouldNotContain(361);
        _tiny.Encode("a<|endoftext|>b").Count.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void Composed_and_decomposed_letters_are_the_same_text() =>
        _tiny.Encode("cafe\u0301").ShouldBe(_tiny.Encode("café"));

    [Fact]
    public void Half_a_surrogate_pair_is_read_as_the_replacement_character()
    {
        _tiny.Encode("a\ud800b").ShouldBe(_tiny.Encode("a\ufffdb"));
        _tiny.Encode("\udc00\ud800").ShouldBe(_tiny.Encode("\ufffd\ufffd"));
    }

    [Fact]
    public void No_text_has_no_tokens() => _tiny.Encode("").ShouldBeEmpty();

    [Fact]
    public void The_largest_token_is_that_of_the_vocabulary() => _tiny.LargestToken.ShouldBe(367);

    [Fact]
    public void Vocabulary_and_merges_in_two_files_give_the_same_tokens()
    {
        WriteTwoFiles();

        TextTokenizer.Load(_folder.Path).Encode(Sample).ShouldBe(_tiny.Encode(Sample));
    }

    [Fact]
    public void Merges_written_as_strings_give_the_same_tokens()
    {
        var json = Json();
        var merges = json["model"]!["merges"]!.AsArray();
        json["model"]!["merges"] = new JsonArray([.. merges.Select(pair => JsonValue.Create($"{pair![0]} {pair[1]}"))]);
        _folder.Write("tokenizer.json", json.ToJsonString());

        TextTokenizer.Load(_folder.Path).Encode(Sample).ShouldBe(_tiny.Encode(Sample));
    }

    [Fact]
    public void Without_a_normalizer_nothing_is_composed()
    {
        var json = Json();
        json["normalizer"] = null;
        _folder.Write("tokenizer.json", json.ToJsonString());

        TextTokenizer.Load(_folder.Path).Encode("e\u0301").ShouldNotBe(_tiny.Encode("e\u0301"));
    }

    [Fact]
    public void A_page_without_a_space_is_no_attack()
    {
        var watch = Stopwatch.StartNew();

        _tiny.Encode(new string('a', 200_000)).Count.ShouldBePositive();
        _tiny.Encode(new string(' ', 200_000) + "\n").Count.ShouldBePositive();
        _tiny.Encode(string.Concat(Enumerable.Repeat("\ud835\udc00\u0301", 50_000))).Count.ShouldBePositive();

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Threads_may_share_one()
    {
        var expected = _tiny.Encode(Sample);

        Parallel.For(0, 200, _ => _tiny.Encode(Sample).ShouldBe(expected));
    }

    [Theory]
    [InlineData("model", "{}", "vocab")]
    [InlineData("model", """{"type":"Unigram"}""", "'BPE'")]
    [InlineData("model", """{"vocab":{"a":-1},"merges":[]}""", "'a'")]
    [InlineData("model", """{"vocab":{"a":1},"merges":[]}""", "no token 'Ā'")]
    [InlineData("model", """{"vocab":{},"merges":["a b c"]}""", "'a b c'")]
    [InlineData("model", """{"vocab":{},"merges":[["a"]]}""", "merges")]
    [InlineData("model", """{"vocab":{},"merges":[[1,2]]}""", "merges")]
    [InlineData("model", """{"vocab":{},"merges":{}}""", "merges")]
    [InlineData("normalizer", """{"type":"NFKC"}""", "'NFKC'")]
    [InlineData("pre_tokenizer", """{"type":"Whitespace"}""", "pre_tokenizer")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer")]
    [InlineData(
        "pre_tokenizer",
        """{"pretokenizers":[{"pattern":{"Regex":"("}},{"type":"ByteLevel"}]}""",
        "expression"
    )]
    [InlineData("added_tokens", """[{"id":1}]""", "added token")]
    [InlineData("added_tokens", """[{"id":1,"content":"x","lstrip":true}]""", "lstrip")]
    public void A_tokenizer_of_another_kind_is_refused_in_words(string key, string value, string expected)
    {
        var json = Json();
        json[key] = JsonNode.Parse(value);
        _folder.Write("tokenizer.json", json.ToJsonString());

        Should.Throw<ModelFormatException>(() => TextTokenizer.Load(_folder.Path)).Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("{\"model\":\"\\ud800\"}")]
    [InlineData("{\"\\udc00\":1}")]
    [InlineData("{")]
    public void A_file_that_is_no_text_is_refused(string json)
    {
        _folder.Write("tokenizer.json", json);

        Should
            .Throw<ModelFormatException>(() => TextTokenizer.Load(_folder.Path))
            .Message.ShouldContain("tokenizer.json");
    }

    [Fact]
    public void A_byte_order_mark_is_no_fault()
    {
        _folder.Write("tokenizer.json", "\ufeff" + Json().ToJsonString());

        TextTokenizer.Load(_folder.Path).Encode(Sample).ShouldBe(_tiny.Encode(Sample));
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_where_to_take_it() =>
        Should
            .Throw<ModelFormatException>(() => TextTokenizer.Load(_folder.Path))
            .Message.ShouldContain("language_model_pretrained_name");

    private static JsonObject Json() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "tokenizer.json")))!.AsObject();

    private void WriteTwoFiles()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "tokenizer.json")));
        var model = json.RootElement.GetProperty("model");
        _folder.Write("vocab.json", model.GetProperty("vocab").GetRawText());
        var merges = model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}");
        _folder.Write("merges.txt", $"#version: 0.2\n{string.Join('\n', merges)}\n");
    }
}
