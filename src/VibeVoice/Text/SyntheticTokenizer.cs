using System.Text.Json;
using VibeVoice.Checkpoints;

namespace VibeVoice.Text;

/// <summary>Writes a <c>tokenizer.json</c> that fits any vocabulary of 256 tokens or more: a token per byte, no merges.</summary>
internal static class SyntheticTokenizer
{
    public static void Write(string path, int vocabularySize)
    {
        if (vocabularySize < ByteLevel.Characters.Count)
        {
            throw new ModelFormatException(
                $"The configuration has a vocabulary of {vocabularySize}, but a byte-level tokenizer needs at least "
                    + $"{ByteLevel.Characters.Count}. Raise 'decoder_config.vocab_size'."
            );
        }

        AtomicFile.Write(
            path,
            stream =>
            {
                using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
                Write(json);
            }
        );
    }

    private static void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteStartArray("added_tokens");
        json.WriteEndArray();
        json.WriteStartObject("normalizer");
        json.WriteString("type", "NFC");
        json.WriteEndObject();
        WritePreTokenizer(json);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteStartObject("vocab");
        for (var value = 0; value < ByteLevel.Characters.Count; value++)
        {
            json.WriteNumber(ByteLevel.Characters[value].ToString(), value);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePreTokenizer(Utf8JsonWriter json)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", WordSplitter.QwenPattern);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", value: false);
        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", value: false);
        json.WriteBoolean("use_regex", value: false);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
