using System.Text.Json;
using System.Text.Json.Serialization;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Models.Voices;

/// <summary>What is known of the converted voices in a folder, in <c>voices.json</c>.</summary>
internal sealed record VoiceIndex
{
    /// <summary>Repository and commit whose voices are all there; null while they are not.</summary>
    public string? PublishedFrom { get; init; }

    /// <summary>Names of the archives whose voices are all there.</summary>
    public IReadOnlyList<string> Archives { get; init; } = [];

    public IReadOnlyList<VoiceRecord> Voices { get; init; } = [];

    /// <summary>The index in a folder; an empty one where it is missing or damaged, and the voices are converted again.</summary>
    public static VoiceIndex Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), VoiceIndexJson.Default.VoiceIndex) ?? new()
                : new();
        }
        catch (JsonException)
        {
            return new();
        }
    }

    /// <summary>Writes it whole or not at all.</summary>
    public Task WriteAsync(string path, CancellationToken cancellationToken) =>
        WholeFile.WriteAsync(
            path,
            JsonSerializer.SerializeToUtf8Bytes(this, VoiceIndexJson.Default.VoiceIndex),
            cancellationToken
        );

    /// <summary>With a record added, in the place of one of the same name.</summary>
    public VoiceIndex With(VoiceRecord record) =>
        this with
        {
            Voices =
            [
                .. Voices
                    .Where(voice => voice.Name != record.Name)
                    .Append(record)
                    .OrderBy(voice => voice.Name, StringComparer.Ordinal),
            ],
        };
}

/// <summary>One converted voice.</summary>
/// <param name="Name">Of the preset: "en-Emma_woman".</param>
/// <param name="Source">Whether it was published or is from an archive.</param>
/// <param name="PresetSha256">Checksum of the file that it was made from.</param>
/// <param name="Sha256">Checksum of the converted file.</param>
/// <param name="Bytes">Size of the converted file.</param>
internal sealed record VoiceRecord(string Name, VoiceSource Source, string PresetSha256, string Sha256, long Bytes);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    WriteIndented = true
)]
[JsonSerializable(typeof(VoiceIndex))]
internal sealed partial class VoiceIndexJson : JsonSerializerContext;
