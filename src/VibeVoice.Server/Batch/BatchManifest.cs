using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VibeVoice.Server.Batch;

/// <summary>What a batch remembers between two runs; no word of the book is in it.</summary>
internal sealed record BatchManifest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>SHA-256 of the book's text.</summary>
    public required string Book { get; init; }

    /// <summary>What decides how the parts sound, under the names of the command line; only what was given.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    /// <summary>By <see cref="BookPart.Key"/>.</summary>
    public IReadOnlyDictionary<string, PartRecord> Parts { get; init; } = new Dictionary<string, PartRecord>();

    /// <summary>What a command asks for that this manifest was not made for, a sentence each.</summary>
    public IEnumerable<string> DifferencesTo(BatchManifest wanted)
    {
        if (Book != wanted.Book)
        {
            yield return "the book has changed";
        }

        foreach (var name in Options.Keys.Union(wanted.Options.Keys, StringComparer.Ordinal))
        {
            var (was, becomes) = (Value(Options, name), Value(wanted.Options, name));
            if (was != becomes)
            {
                yield return $"'{name}' was {was} and is {becomes}";
            }
        }

        static string Value(IReadOnlyDictionary<string, string> options, string name) =>
            options.TryGetValue(name, out var value) ? $"'{value}'" : "not given";
    }
}

/// <summary>JSON of the manifest, to be read by people as well.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true
)]
[JsonSerializable(typeof(BatchManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    public static byte[] Write(BatchManifest manifest) =>
        JsonSerializer.SerializeToUtf8Bytes(manifest, Holder.Readable.BatchManifest);

    private static class Holder
    {
        public static readonly ManifestJson Readable = new(
            new JsonSerializerOptions(ManifestJson.Default.Options)
            {
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
    }
}
