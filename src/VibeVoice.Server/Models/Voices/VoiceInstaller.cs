using VibeVoice.Server.Installation;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Models.Voices;

/// <summary>Brings the voices to the volume that the model's authors published with their code.</summary>
internal sealed partial class VoiceInstaller(
    VoiceOptions options,
    Workspace workspace,
    TimeProvider timeProvider,
    ILogger<VoiceInstaller> logger
)
{
    private const string PresetFolder = "demo/voices/streaming_model";

    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(10);

    /// <summary>Where the published voices come from.</summary>
    public GitRepository Repository { get; } = new(options, workspace.Folder);

    /// <summary>The folder of converted voices, beside cache and marker.</summary>
    public VoiceFolder Folder { get; } = new(Path.Combine(workspace.Folder, "voices"));

    private string Origin => $"{options.RepositoryUrl}#{options.Commit}";

    /// <summary>Fetches and converts the published voices unless they are there.</summary>
    /// <param name="modelFolder">The checkpoint that will speak with them.</param>
    /// <param name="care">Whether what is there is trusted.</param>
    /// <exception cref="SpeechFailedException">They cannot be fetched or written, or are for another checkpoint.</exception>
    public async Task EnsureAsync(string modelFolder, InstallCare care, CancellationToken cancellationToken)
    {
        if (!IsComplete(care))
        {
            await HoldingLeaseAsync(
                async () =>
                {
                    if (!IsComplete(care))
                    {
                        await InstallAsync(modelFolder, cancellationToken);
                    }
                },
                cancellationToken
            );
        }
    }

    /// <summary>Whether the published voices are here.</summary>
    public bool IsComplete(InstallCare care)
    {
        var index = Folder.Index;
        return index.PublishedFrom == Origin
            && index
                .Voices.Where(voice => voice.Source == VoiceSource.Published)
                .All(voice => Folder.Holds(voice, isVerified: care != InstallCare.Trust));
    }

    /// <summary>Does something while no other worker writes into the folder.</summary>
    /// <exception cref="SpeechFailedException">The folder cannot be written.</exception>
    public async Task HoldingLeaseAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Folder.LeasePath)!);
            await using var lease = await LeaseFile.AcquireAsync(
                Folder.LeasePath,
                StaleAfter,
                timeProvider,
                () => Log.Waiting(logger),
                cancellationToken
            );
            await work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpeechFailedException(
                $"The voices cannot be written to '{Path.GetDirectoryName(Folder.IndexPath)}': {exception.Message} Make room or "
                    + "make it writable, or set VIBEVOICE_WORKSPACE to a folder that is.",
                exception
            );
        }
    }

    private async Task InstallAsync(string modelFolder, CancellationToken cancellationToken)
    {
        var folder = await Repository.CheckOutAsync(PresetFolder, cancellationToken);
        var failures = new List<string>();
        var presets = Directory.GetFiles(folder, "*.pt").Order(StringComparer.Ordinal).ToList();
        foreach (var preset in presets)
        {
            try
            {
                await Folder.ConvertAsync(preset, VoiceSource.Published, modelFolder, cancellationToken);
            }
            catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
            {
                failures.Add(exception.Message);
            }
        }

        if (failures.Count == presets.Count)
        {
            throw new SpeechFailedException(
                failures.Count == 0
                    ? $"There is no voice in '{PresetFolder}' of {Origin}. Set VIBEVOICE_REPOSITORY to a repository that has them."
                    : $"None of the voices of {Origin} can be used. {failures[0]}"
            );
        }

        failures.ForEach(failure => Log.Left(logger, failure));
        await (Folder.Index with { PublishedFrom = Origin }).WriteAsync(Folder.IndexPath, cancellationToken);
        Log.Installed(logger, presets.Count - failures.Count, Origin);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Another worker is installing voices; waiting for it.")]
        public static partial void Waiting(ILogger logger);

        [LoggerMessage(LogLevel.Information, "{Count} voices are here, from {Origin}.")]
        public static partial void Installed(ILogger logger, int count, string origin);

        [LoggerMessage(LogLevel.Warning, "A voice was left out. {Reason}")]
        public static partial void Left(ILogger logger, string reason);
    }
}
