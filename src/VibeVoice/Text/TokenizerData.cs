using System.Text;
using System.Text.Json;
using VibeVoice.Checkpoints;

namespace VibeVoice.Text;

/// <summary>What the files of a tokenizer say, checked: the vocabulary is only needed to understand the merges.</summary>
internal sealed record TokenizerData(
    bool NormalizeToNfc,
    string Pattern,
    IReadOnlyList<int> TokenOfByte,
    IReadOnlyDictionary<(int Left, int Right), (int Rank, int Token)> Merges,
    IReadOnlyDictionary<string, int> AddedTokens
)
{
    public const string FileName = "tokenizer.json";

    private static readonly string[] _unsupportedFlags = ["single_word", "lstrip", "rstrip", "normalized"];

    public static TokenizerData Load(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (File.Exists(file))
        {
            return LoadFile(file);
        }

        var vocabularyFile = Path.Combine(folder, "vocab.json");
        return File.Exists(vocabularyFile) && File.Exists(MergesBeside(vocabularyFile))
            ? LoadFile(vocabularyFile)
            : throw new ModelFormatException(
                $"'{folder}' has neither 'tokenizer.json' nor 'vocab.json' with 'merges.txt'. Put the tokenizer there that "
                    + "preprocessor_config.json names (language_model_pretrained_name)."
            );
    }

    /// <summary>Reads a <c>tokenizer.json</c>, or a vocabulary with <c>merges.txt</c> beside it, under whatever name.</summary>
    public static TokenizerData LoadFile(string path)
    {
        var json = JsonFile.Load(path);
        if (!json.Has("model") || IsVocabulary(json))
        {
            return Make(
                true,
                WordSplitter.QwenPattern,
                ReadVocabulary(json.Element, path),
                ReadMergesText(MergesBeside(path)),
                AddedTokenFiles.Read(Path.GetDirectoryName(Path.GetFullPath(path))!),
                path
            );
        }

        var model = json.Object("model");
        if (model.Text("type") is { } type and not "BPE")
        {
            throw model.Wrong("type", $"'{type}'", "'BPE'");
        }

        return Make(
            ReadNormalizer(json),
            ReadPattern(json),
            ReadVocabulary(model.Object("vocab").Element, path),
            ReadMerges(model, path),
            ReadAddedTokens(json, path),
            path
        );
    }

    private static TokenizerData Make(
        bool normalizeToNfc,
        string pattern,
        Dictionary<string, int> vocabulary,
        IEnumerable<(string Left, string Right)> merges,
        IReadOnlyDictionary<string, int> addedTokens,
        string path
    )
    {
        int Find(string token) =>
            vocabulary.TryGetValue(token, out var id)
                ? id
                : throw new ModelFormatException(
                    $"The vocabulary of '{path}' has no token '{token}', which its byte-level alphabet or merges need."
                );

        var ranks = new Dictionary<(int, int), (int, int)>();
        foreach (var (left, right) in merges)
        {
            // A pair that is listed again takes the later rank, as in the reference's map.
            ranks[(Find(left), Find(right))] = (ranks.Count, Find(left + right));
        }

        return new TokenizerData(
            normalizeToNfc,
            pattern,
            [.. ByteLevel.Characters.Select(character => Find(character.ToString()))],
            ranks,
            addedTokens
        );
    }

    private static string MergesBeside(string path) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "merges.txt");

    // 'model' may be a word.
    private static bool IsVocabulary(JsonFile json) =>
        json.Element.GetProperty("model").ValueKind == JsonValueKind.Number;

    private static bool ReadNormalizer(JsonFile json) =>
        json.TryObject("normalizer") is { } normalizer
        && (
            normalizer.Text("type") == "NFC"
                ? true
                : throw normalizer.Wrong("type", $"'{normalizer.Text("type")}'", "'NFC', or no normalizer")
        );

    // { Sequence: [ { Split: Regex }, { ByteLevel without its own expression } ] }
    private static string ReadPattern(JsonFile json)
    {
        var splitter = json.Object("pre_tokenizer");
        if (
            splitter.Element.TryGetProperty("pretokenizers", out var steps)
            && steps.ValueKind == JsonValueKind.Array
            && steps.GetArrayLength() == 2
            && steps[0].ValueKind == JsonValueKind.Object
            && steps[0].TryGetProperty("pattern", out var pattern)
            && pattern.ValueKind == JsonValueKind.Object
            && pattern.TryGetProperty("Regex", out var expression)
            && expression.ValueKind == JsonValueKind.String
        )
        {
            return expression.GetString()!;
        }

        throw json.Wrong("pre_tokenizer", "of another kind", "a sequence of 'Split' by a 'Regex' and 'ByteLevel'");
    }

    private static Dictionary<string, int> ReadVocabulary(JsonElement vocabulary, string path)
    {
        var tokens = new Dictionary<string, int>();
        foreach (var token in vocabulary.EnumerateObject())
        {
            if (!TryReadId(token.Value, out var id))
            {
                throw new ModelFormatException(
                    $"Token '{token.Name}' of '{path}' has no whole number from 0 as its id."
                );
            }

            tokens[token.Name] = id;
        }

        return tokens;
    }

    // Only as Qwen has them: found in the text as it came, whatever stands beside them.
    private static Dictionary<string, int> ReadAddedTokens(JsonFile json, string path)
    {
        var added = new Dictionary<string, int>();
        if (!json.Element.TryGetProperty("added_tokens", out var tokens) || tokens.ValueKind != JsonValueKind.Array)
        {
            return added;
        }

        foreach (var token in tokens.EnumerateArray())
        {
            if (
                token.ValueKind != JsonValueKind.Object
                || !token.TryGetProperty("content", out var content)
                || content.ValueKind != JsonValueKind.String
                || content.GetString() is not { Length: > 0 } text
                || !token.TryGetProperty("id", out var idValue)
                || !TryReadId(idValue, out var id)
                || _unsupportedFlags.Any(flag =>
                    token.TryGetProperty(flag, out var value) && value.ValueKind == JsonValueKind.True
                )
            )
            {
                throw new ModelFormatException(
                    $"'{path}' has the added token {token.GetRawText()}, but 'content' and 'id' are expected, and none of "
                        + $"{string.Join(", ", _unsupportedFlags)}."
                );
            }

            added[text] = id;
        }

        return added;
    }

    private static bool TryReadId(JsonElement value, out int id)
    {
        id = -1;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out id) && id >= 0;
    }

    // Written ["a", "b"] since tokenizers 0.20, and "a b" before.
    private static IEnumerable<(string Left, string Right)> ReadMerges(JsonFile model, string path)
    {
        if (!model.Element.TryGetProperty("merges", out var merges) || merges.ValueKind != JsonValueKind.Array)
        {
            throw model.Wrong("merges", "missing", "a list of pairs");
        }

        foreach (var merge in merges.EnumerateArray())
        {
            yield return merge.ValueKind switch
            {
                JsonValueKind.Array
                    when merge.GetArrayLength() == 2
                        && merge[0].ValueKind == JsonValueKind.String
                        && merge[1].ValueKind == JsonValueKind.String => (merge[0].GetString()!, merge[1].GetString()!),
                JsonValueKind.String => SplitMerge(merge.GetString()!, path),
                _ => throw model.Wrong("merges", merge.GetRawText(), "pairs, or strings of two parts"),
            };
        }
    }

    private static IEnumerable<(string Left, string Right)> ReadMergesText(string path) =>
        ReadLines(path)
            .Where(
                (line, number) =>
                    line.Length > 0 && !(number == 0 && line.StartsWith("#version", StringComparison.Ordinal))
            )
            .Select(line => SplitMerge(line, path));

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path, Encoding.UTF8);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(
                $"'{path}' cannot be read: {exception.Message} Put the merges there that belong to the vocabulary.",
                exception
            );
        }
    }

    private static (string Left, string Right) SplitMerge(string merge, string path) =>
        merge.Split(' ') is [var left, var right]
            ? (left, right)
            : throw new ModelFormatException($"'{merge}' in '{path}' is no merge: two parts and a space are expected.");
}
