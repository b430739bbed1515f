using VibeVoice.Checkpoints;

namespace VibeVoice.Development;

/// <summary>Where a synthetic checkpoint goes: written beside, renamed when whole, and never over anything else.</summary>
internal sealed class SyntheticFolder
{
    private const string GeneratorKey = "generator";
    private const string Generator = "vibevoice synthetic-checkpoint";

    // Presets, tokenizer and file system need a little beside the weights.
    private const long SpareBytes = 64 * 1024 * 1024;

    private readonly string _path;

    public SyntheticFolder(string folder)
    {
        // A link stays a link: what it leads to is replaced.
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _path = Directory.Exists(path)
            ? Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path
            : path;
        if (File.Exists(_path))
        {
            throw new IOException($"'{folder}' is a file. Give a new or an empty folder.");
        }

        if (Directory.Exists(_path) && !IsEmpty(_path) && !IsSynthetic(_path))
        {
            throw new IOException(
                $"'{folder}' holds something other than a synthetic checkpoint, and is left alone. Give a new or an empty folder."
            );
        }
    }

    /// <summary>Metadata by which the weight file is known again; "pt" is what the reference's loader asks for.</summary>
    public static IReadOnlyDictionary<string, string> Marker { get; } =
        new Dictionary<string, string> { ["format"] = "pt", [GeneratorKey] = Generator };

    /// <exception cref="IOException">The disk has less room than the tensors need.</exception>
    public void CheckRoomFor(IEnumerable<TensorSource> tensors)
    {
        var needed = tensors.Aggregate(
            (Int128)SpareBytes,
            (sum, tensor) => sum + ((Int128)tensor.ElementCount * tensor.Dtype.Size())
        );
        var parent = Path.GetDirectoryName(_path)!;
        Directory.CreateDirectory(parent);
        var free = new DriveInfo(parent).AvailableFreeSpace;
        if (needed > free)
        {
            throw new IOException(
                $"The checkpoint needs {(decimal)needed:N0} bytes, but the disk of '{_path}' has {free:N0} free. "
                    + "Free some, choose another disk, or a smaller configuration."
            );
        }
    }

    /// <summary>Lets a new folder be filled, and gives it the name in one step.</summary>
    public void Publish(Action<string> fill)
    {
        var parent = Path.GetDirectoryName(_path)!;
        var beside = Path.Combine(parent, $".{Path.GetFileName(_path)}.{Guid.NewGuid():N}.tmp");
        var old = beside + ".old";
        Directory.CreateDirectory(beside);
        try
        {
            fill(beside);
            if (Directory.Exists(_path))
            {
                Directory.Move(_path, old);
            }

            Directory.Move(beside, _path);
        }
        finally
        {
            Delete(beside); // there only when something failed
            Delete(old);
        }
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsEmpty(string folder) => !Directory.EnumerateFileSystemEntries(folder).Any();

    private static bool IsSynthetic(string folder)
    {
        string[] written =
        [
            ModelConfig.FileName,
            ModelConfig.PreprocessorFileName,
            Text.TokenizerData.FileName,
            WeightFiles.FileName,
            "voices",
            Path.Combine("voices", $"{SyntheticCheckpoint.VoiceName}.safetensors"),
        ];
        var weights = Path.Combine(folder, WeightFiles.FileName);
        if (
            !File.Exists(weights)
            || Directory
                .EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
                .Any(entry => !written.Contains(Path.GetRelativePath(folder, entry), StringComparer.Ordinal))
        )
        {
            return false;
        }

        try
        {
            using var file = SafetensorsFile.Open(weights);
            return file.Metadata.GetValueOrDefault(GeneratorKey) == Generator;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }
}
