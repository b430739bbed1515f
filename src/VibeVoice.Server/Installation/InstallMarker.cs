using System.Text.Json;
using System.Text.Json.Serialization;
using VibeVoice.Server.Hosting;

namespace VibeVoice.Server.Installation;

/// <summary>What an installation left behind, in <c>.setup_complete</c>.</summary>
internal sealed record InstallMarker
{
    /// <summary>Version of the program that installed.</summary>
    public required string Version { get; init; }

    /// <summary>Engine that it was installed for.</summary>
    public required string Engine { get; init; }

    public required DateTimeOffset InstalledAt { get; init; }

    /// <summary>Tools that were found, with their versions.</summary>
    public required IReadOnlyDictionary<string, string> Tools { get; init; }

    /// <summary>MODEL_PATH that it was installed for; null for an engine that has no model.</summary>
    public string? Model { get; init; }

    /// <summary>Name and commit of the checkpoint that was found or fetched.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Sizes of the files that the engine reads, by their paths: without them the marker means nothing.</summary>
    public IReadOnlyDictionary<string, long> Files { get; init; } = new Dictionary<string, long>();

    /// <summary>The marker at <paramref name="path"/>; null when it is missing or cannot be read.</summary>
    public static InstallMarker? Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), InstallJson.Default.InstallMarker)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            // Damaged is as good as missing: the installation is repeated, and ends by writing a whole one.
            return null;
        }
    }

    /// <summary>Writes it so that a marker that can be seen is whole.</summary>
    public Task WriteAsync(string path, CancellationToken cancellationToken) =>
        WholeFile.WriteAsync(
            path,
            JsonSerializer.SerializeToUtf8Bytes(this, InstallJson.Default.InstallMarker),
            cancellationToken
        );
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(InstallMarker))]
internal sealed partial class InstallJson : JsonSerializerContext;
