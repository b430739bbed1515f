using System.Globalization;
using System.Text.Json;
using VibeVoice.Checkpoints;

namespace VibeVoice.Text;

/// <summary>The added tokens of a vocabulary that comes in two files: beside it, where they are anywhere.</summary>
/// <remarks><c>tokenizer_config.json</c> has them by id, and <c>added_tokens.json</c> of older copies by text.</remarks>
internal static class AddedTokenFiles
{
    public static Dictionary<string, int> Read(string folder)
    {
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        var byText = Path.Combine(folder, "added_tokens.json");
        if (File.Exists(byText))
        {
            foreach (var token in JsonFile.Load(byText).Element.EnumerateObject())
            {
                Add(added, token.Name, token.Value.GetRawText(), byText);
            }
        }

        var byId = Path.Combine(folder, "tokenizer_config.json");
        if (File.Exists(byId) && JsonFile.Load(byId).TryObject("added_tokens_decoder") is { } tokens)
        {
            foreach (var token in tokens.Element.EnumerateObject())
            {
                var content =
                    token.Value.ValueKind == JsonValueKind.Object
                    && token.Value.TryGetProperty("content", out var text)
                    && text.ValueKind == JsonValueKind.String
                        ? text.GetString()!
                        : "";
                Add(added, content, token.Name, byId);
            }
        }

        return added;
    }

    private static void Add(Dictionary<string, int> added, string text, string idText, string path)
    {
        if (text.Length == 0 || !int.TryParse(idText, CultureInfo.InvariantCulture, out var id) || id < 0)
        {
            throw new ModelFormatException(
                $"'{path}' has the added token '{text}' with the id '{idText}', but a text and a whole number from 0 are expected."
            );
        }

        added[text] = id;
    }
}
