using System.Text.Json;
using VibeVoice.Checkpoints;
using VibeVoice.Text;

namespace VibeVoice.Development;

/// <summary>Texts and the token ids that another implementation gave them.</summary>
/// <remarks>Thread-safe; nothing to dispose.</remarks>
public static class TokenCases
{
    /// <summary>Tokenises every text and compares the ids.</summary>
    /// <param name="casesFile">JSON: <c>[{"text": "…", "ids": [1, 2]}, …]</c>.</param>
    /// <param name="tokenizer">
    /// A <c>tokenizer.json</c>, a <c>vocab.json</c> with <c>merges.txt</c> beside it, or a folder with either.
    /// </param>
    /// <returns>How many there are, and those that differ.</returns>
    /// <remarks>
    /// As the reference's tokenizer does, and as speaking never does, the name of an added token is that token.
    /// </remarks>
    /// <exception cref="ModelFormatException">A file is missing, or is not what it should be.</exception>
    public static TokenReport Compare(string casesFile, string tokenizer)
    {
        ArgumentException.ThrowIfNullOrEmpty(casesFile);
        ArgumentException.ThrowIfNullOrEmpty(tokenizer);
        var loaded = Directory.Exists(tokenizer) ? TextTokenizer.Load(tokenizer) : TextTokenizer.LoadFile(tokenizer);
        var cases = JsonFile.Read(casesFile);
        if (cases.ValueKind != JsonValueKind.Array)
        {
            throw new ModelFormatException($"'{casesFile}' holds no list, but a list of texts and ids is expected.");
        }

        var differences = new List<TokenDifference>();
        foreach (var (index, item) in cases.EnumerateArray().Index())
        {
            var (text, expected) = Read(item, index, casesFile);
            var found = loaded.EncodeWithAddedTokens(text);
            if (!found.SequenceEqual(expected))
            {
                differences.Add(new TokenDifference(index, text, expected, found));
            }
        }

        return new TokenReport(cases.GetArrayLength(), differences);
    }

    private static (string Text, int[] Ids) Read(JsonElement item, int index, string casesFile)
    {
        if (
            item.ValueKind == JsonValueKind.Object
            && item.TryGetProperty("text", out var text)
            && text.ValueKind == JsonValueKind.String
            && item.TryGetProperty("ids", out var ids)
            && ids.ValueKind == JsonValueKind.Array
        )
        {
            var numbers = new List<int>(ids.GetArrayLength());
            foreach (var id in ids.EnumerateArray())
            {
                if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out var number))
                {
                    throw Wrong();
                }

                numbers.Add(number);
            }

            return (text.GetString()!, [.. numbers]);
        }

        throw Wrong();

        ModelFormatException Wrong() =>
            new($"Case {index} of '{casesFile}' has no 'text' with 'ids' that are whole numbers, as is expected.");
    }
}
