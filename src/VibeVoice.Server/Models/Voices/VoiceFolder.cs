using System.Security.Cryptography;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Models.Voices;

/// <summary>The folder of converted voices on the volume. Whoever writes into it holds the lease.</summary>
/// <param name="path">It need not exist.</param>
internal sealed class VoiceFolder(string path)
{
    private const string Extension = ".safetensors";

    public string LeasePath => Path.Combine(path, ".lease");

    public string IndexPath => Path.Combine(path, "voices.json");

    public VoiceIndex Index => VoiceIndex.Read(IndexPath);

    public string PathOf(string name) => Path.Combine(path, name + Extension);

    /// <summary>Whether a voice is there as it was written; its checksum is looked at only where asked for.</summary>
    public bool Holds(VoiceRecord record, bool isVerified) =>
        LocatedModel.SizeOf(PathOf(record.Name)) == record.Bytes
        && (!isVerified || ChecksumOf(PathOf(record.Name)) == record.Sha256);

    /// <summary>Converts a preset unless that has been done, and remembers it.</summary>
    /// <param name="preset">A .pt file as published; its name is the voice's.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="modelFolder">The checkpoint that will speak with it.</param>
    /// <exception cref="ModelFormatException">The preset is broken.</exception>
    /// <exception cref="WeightMismatchException">It was made for another checkpoint.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public async Task ConvertAsync(
        string preset,
        VoiceSource source,
        string modelFolder,
        CancellationToken cancellationToken
    )
    {
        var name = Path.GetFileNameWithoutExtension(preset);
        var checksum = ChecksumOf(preset);
        var index = Index;
        if (
            index.Voices.FirstOrDefault(voice => voice.Name == name) is { } known
            && known.PresetSha256 == checksum
            && Holds(known, isVerified: true)
        )
        {
            return;
        }

        var target = PathOf(name);
        ModelFolder.ConvertVoice(modelFolder, preset, target);
        await index
            .With(new VoiceRecord(name, source, checksum, ChecksumOf(target), new FileInfo(target).Length))
            .WriteAsync(IndexPath, cancellationToken);
    }

    private static string ChecksumOf(string file)
    {
        using var stream = File.OpenRead(file);
        return System.Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
