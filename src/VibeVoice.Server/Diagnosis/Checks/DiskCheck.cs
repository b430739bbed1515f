using System.Globalization;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether work directory and cache can be written, and have room for what is to be fetched.</summary>
/// <param name="workspace">The work directory.</param>
/// <param name="store">The cache of models.</param>
/// <param name="files">Null with the preview voice.</param>
internal sealed class DiskCheck(Workspace workspace, HubStore store, EngineFiles? files = null) : ICheck
{
    /// <summary>The published checkpoint; its tokenizer and voices come on top.</summary>
    private const long UsualModelBytes = 2_036_000_000;

    public Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var missing = files?.Find().Missing;
        var cacheFolder = missing is null ? workspace.Folder : store.CacheFolder;
        if (WhyNotWritable(workspace.Folder, cacheFolder) is { } reason)
        {
            return Task.FromResult(
                File.Exists(workspace.Marker) && missing is null && files?.LacksVoices is not true
                    ? CheckResult.Note($"{reason} All that is needed is there, so it can still be spoken.")
                    : CheckResult.Problem(
                        $"{reason} Make it writable, with room for files, or set VIBEVOICE_WORKSPACE (for the cache alone, HF_HOME) to a "
                            + "folder that is."
                    )
            );
        }

        var free = DiskSpace.FreeAt(cacheFolder);
        var room = string.Create(
            CultureInfo.InvariantCulture,
            $"'{cacheFolder}' can be written, {free / 1e9:0.##} GB are free"
        );
        var needed = missing is { Repository: SpeechSettings.UsualModel }
            ? UsualModelBytes - store.CachedBytes(missing)
            : 0;
        return Task.FromResult(
            free < needed
                ? CheckResult.Problem(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{room}, but '{missing!.Repository}' needs {needed / 1e9:0.##} GB more. Make room, or set HF_HOME to a folder on a larger disk."
                    )
                )
            : workspace.Warning is { } warning ? CheckResult.Note($"{room}. {warning}")
            : CheckResult.Ok($"{room}.")
        );
    }

    /// <summary>Writes a file, which finds read-only disks, full ones and those without a free inode alike.</summary>
    private static string? WhyNotWritable(params IEnumerable<string> folders)
    {
        foreach (var folder in folders.Select(DiskSpace.ExistingPartOf).Distinct(StringComparer.Ordinal))
        {
            // A name of those that an installation sweeps up, should this process be killed.
            var probe = Path.Combine(folder, $".doctor.{Guid.NewGuid():N}.tmp");
            try
            {
                File.WriteAllBytes(probe, new byte[4096]);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return $"'{folder}' cannot be written: {exception.Message.TrimEnd('.')}.";
            }
            finally
            {
                TryDelete(probe);
            }
        }

        return null;
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What could not be written is not there.
        }
    }
}
