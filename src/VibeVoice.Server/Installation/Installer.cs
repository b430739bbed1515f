using VibeVoice.Server.Encoding;
using VibeVoice.Server.Models;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Installation;

/// <summary>
/// First-run installation: prepares the work directory, checks the tools, brings the model and its voices, and says so in the
/// marker.
/// </summary>
internal sealed partial class Installer(
    Workspace workspace,
    ISynthesizer synthesizer,
    AudioEncoder encoder,
    TimeProvider timeProvider,
    ILogger<Installer> logger,
    EngineFiles? engineFiles = null
)
{
    /// <summary>Five beats: workers behind a dead one should not wait long, and two at once do no harm.</summary>
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(10);

    /// <summary>Installs unless the marker says that this version has; safe beside another worker doing the same.</summary>
    /// <param name="isForced">Installs again whatever the marker says.</param>
    /// <exception cref="SpeechFailedException">A tool is missing, or the workspace cannot be written; no marker is left.</exception>
    public async Task InstallAsync(bool isForced, CancellationToken cancellationToken)
    {
        if (!isForced && IsInstalled())
        {
            // One whose holder was killed between the marker and the lock's end.
            Leftovers.RemoveLeases(workspace.Folder, timeProvider);
            return;
        }

        try
        {
            Directory.CreateDirectory(workspace.Folder);
            var lockPath = Path.Combine(workspace.Folder, ".setup_lock");
            await using var lease = await LeaseFile.AcquireAsync(
                lockPath,
                StaleAfter,
                timeProvider,
                () => Log.Waiting(logger),
                cancellationToken
            );
            if (isForced || !IsInstalled())
            {
                await InstallUnderLockAsync(isForced, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpeechFailedException(
                $"The workspace '{workspace.Folder}' cannot be written: {exception.Message} Make it writable, or set "
                    + "VIBEVOICE_WORKSPACE to a folder that is.",
                exception
            );
        }
    }

    private bool IsInstalled()
    {
        if (InstallMarker.Read(workspace.Marker) is not { } marker)
        {
            return false;
        }

        if (
            marker.Version == ProgramVersion.Current
            && marker.Engine == synthesizer.Engine
            && marker.Model == engineFiles?.ModelPath
        )
        {
            if (marker.Files.FirstOrDefault(file => LocatedModel.SizeOf(file.Key) != file.Value).Key is { } gone)
            {
                Log.Gone(logger, gone);
                return false;
            }

            Log.AlreadyInstalled(logger, marker.Version, marker.InstalledAt);
            return true;
        }

        Log.Outdated(logger, marker.Version, marker.Engine);
        return false;
    }

    private async Task InstallUnderLockAsync(bool isForced, CancellationToken cancellationToken)
    {
        // Before anything is touched: an installation that is begun and not finished must be begun again.
        File.Delete(workspace.Marker);
        Leftovers.Remove(workspace.Folder, timeProvider);
        Directory.CreateDirectory(Path.Combine(workspace.Folder, "cache"));
        var ffmpeg = await encoder.CheckAsync(cancellationToken);
        var model = engineFiles is null
            ? null
            : await engineFiles.EnsureAsync(isForced ? InstallCare.Renew : InstallCare.Verify, cancellationToken);
        await synthesizer.LoadAsync(cancellationToken);
        var marker = new InstallMarker
        {
            Version = ProgramVersion.Current,
            Engine = synthesizer.Engine,
            InstalledAt = timeProvider.GetUtcNow(),
            Tools = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["ffmpeg"] = ffmpeg,
                [synthesizer.Engine] = synthesizer.Model,
            },
            Model = engineFiles?.ModelPath,
            Checkpoint = model?.Name,
            Files = model is null ? new Dictionary<string, long>() : engineFiles!.Measure(model),
        };
        await marker.WriteAsync(workspace.Marker, cancellationToken);
        Log.Installed(logger, ProgramVersion.Current, workspace.Folder);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Installed already: version {Version}, {InstalledAt:u}.")]
        public static partial void AlreadyInstalled(ILogger logger, string version, DateTimeOffset installedAt);

        [LoggerMessage(LogLevel.Warning, "'{File}' is gone or not what was installed; the installation is renewed.")]
        public static partial void Gone(ILogger logger, string file);

        [LoggerMessage(LogLevel.Information, "The installation of version {Version} for {Engine} is renewed.")]
        public static partial void Outdated(ILogger logger, string version, string engine);

        [LoggerMessage(LogLevel.Information, "Another worker is installing on this volume; waiting for it.")]
        public static partial void Waiting(ILogger logger);

        [LoggerMessage(LogLevel.Information, "Installed version {Version} in '{Folder}'.")]
        public static partial void Installed(ILogger logger, string version, string folder);
    }
}
