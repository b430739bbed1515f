using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>What the name of an output file says about it.</summary>
internal static class OutputFile
{
    private static readonly string Extensions = string.Join(", ", AudioFormat.All.Select(format => $".{format.Name}"));

    /// <summary>Whether it is written as it comes, never replaced. Memory disguised as a device holds ordinary files.</summary>
    public static bool IsDevice(string path) =>
        path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal)
        || path.StartsWith("/proc/", StringComparison.Ordinal);

    /// <param name="name">The file as it was named.</param>
    /// <param name="path">Its full path.</param>
    /// <exception cref="JobRejectedException">It is a folder.</exception>
    public static void ThrowIfFolder(string name, string path)
    {
        if (Directory.Exists(path))
        {
            throw new JobRejectedException($"'{name}' is a folder, but '--output' must be a file.");
        }
    }

    /// <summary>The folder in which a file is to be written.</summary>
    /// <param name="name">The file as it was named.</param>
    /// <param name="path">Its full path.</param>
    /// <exception cref="JobRejectedException">There is no such folder.</exception>
    public static string FolderOf(string name, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        return Directory.Exists(folder)
            ? folder
            : throw new JobRejectedException(
                $"'{name}' cannot be written: there is no folder '{folder}'; make it first."
            );
    }

    /// <summary>
    /// The format that the extension names; null, and the default's turn, for standard output, devices and names without
    /// an extension.
    /// </summary>
    /// <param name="problems">Gets an extension that is no format.</param>
    public static string? FormatOf(string? file, ICollection<SpeechProblem> problems)
    {
        var extension = file is null or "-" || IsDevice(file) ? "" : Path.GetExtension(file).TrimStart('.');
        var name = extension.ToLowerInvariant() is "ogg" or "oga" ? AudioFormat.Opus.Name : extension;
        if (name.Length == 0 || AudioFormat.TryParse(name, out _))
        {
            return name.Length == 0 ? null : name;
        }

        problems.Add(
            new SpeechProblem(
                "--format",
                $"'{file}' ends in '.{extension}', which is no format; end it in one of .ogg, {Extensions}, or name the format "
                    + "with '--format'."
            )
        );
        return null;
    }
}
