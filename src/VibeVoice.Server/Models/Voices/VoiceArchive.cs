using System.Formats.Tar;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace VibeVoice.Server.Models.Voices;

/// <summary>
/// Takes the presets out of a .tar.gz that anybody may have made: plain files with the name of a preset, under that name alone
/// and in no other folder, and no more bytes than presets have.
/// </summary>
internal static partial class VoiceArchive
{
    private const long MaximumUnpackedBytes = 1024L * 1024 * 1024;

    // The published ones have 2 to 5 MB.
    private const long MaximumPresetBytes = 64L * 1024 * 1024;

    /// <summary>Unpacks into a folder.</summary>
    /// <returns>The presets' paths.</returns>
    /// <exception cref="InvalidDataException">It is no such archive, or unpacks into too much.</exception>
    public static async Task<IReadOnlyList<string>> UnpackAsync(
        string archive,
        string folder,
        CancellationToken cancellationToken
    )
    {
        var presets = new List<string>();
        try
        {
            await using var unpacked = new LimitedStream(
                new GZipStream(File.OpenRead(archive), CompressionMode.Decompress),
                MaximumUnpackedBytes
            );
            await using var tar = new TarReader(unpacked);
            while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
            {
                var name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
                if (
                    entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile
                    && entry.DataStream is { } data
                    && PresetPattern().IsMatch(name)
                    && !presets.Contains(Path.Combine(folder, name))
                )
                {
                    await using var file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew);
                    await new LimitedStream(data, MaximumPresetBytes).CopyToAsync(file, cancellationToken);
                    presets.Add(file.Name);
                }
            }
        }
        catch (Exception exception) when (exception is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException($"It is no whole .tar.gz: {exception.Message}", exception);
        }

        return presets;
    }

    [GeneratedRegex(@"^[a-z]{2}-\w+_(man|woman)[.]pt\z", RegexOptions.ECMAScript, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PresetPattern();
}
