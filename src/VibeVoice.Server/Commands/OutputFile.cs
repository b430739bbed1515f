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
