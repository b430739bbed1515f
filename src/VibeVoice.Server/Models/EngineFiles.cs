using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>Everything that the VibeVoice engine reads from disk: the checkpoint, its tokenizer, and voices.</summary>
/// <param name="models">Finds or fetches the checkpoint.</param>
/// <param name="voices">The voices.</param>
/// <param name="voiceInstaller">Fetches the published ones.</param>
/// <param name="compiledFolder">Where weights are kept that were compiled from the checkpoint's; null for memory.</param>
internal sealed class EngineFiles(
    ModelLocator models,
    VoiceLibrary voices,
    VoiceInstaller voiceInstaller,
    string? compiledFolder
)
{
    public string? CompiledFolder => compiledFolder;

    public VoiceLibrary Voices => voices;

    /// <summary>MODEL_PATH as it was given.</summary>
    public string ModelPath => models.ModelPath;

    /// <summary>What of the checkpoint is here.</summary>
    /// <exception cref="SpeechFailedException">What is here is of no use.</exception>
    public FoundModel Find() => models.Find();

    /// <summary>Whether published voices are needed and not here.</summary>
    public bool LacksVoices => voices.UsesPublished && !voiceInstaller.IsComplete(InstallCare.Trust);

    /// <summary>Finds all of it, or fetches what is missing.</summary>
    /// <exception cref="SpeechFailedException">A part is not here and cannot be fetched, or is of no use.</exception>
    public Task<LocatedModel> EnsureAsync(InstallCare care, CancellationToken cancellationToken) =>
        EnsureAsync(HubFileSet.Checkpoint, care, cancellationToken);

    /// <summary>The same of what it takes to say what would be spoken: no weights.</summary>
    /// <exception cref="SpeechFailedException">A part is not here and cannot be fetched, or is of no use.</exception>
    public Task<LocatedModel> EnsureForOutlineAsync(CancellationToken cancellationToken) =>
        EnsureAsync(HubFileSet.Configuration, InstallCare.Trust, cancellationToken);

    /// <summary>Sizes of the files that the engine needs, by their paths.</summary>
    public IReadOnlyDictionary<string, long> Measure(LocatedModel model) =>
        new[] { model.Folder, model.TokenizerFolder }
            .Distinct(StringComparer.Ordinal)
            .SelectMany(folder => Directory.EnumerateFiles(folder))
            .Concat(voices.Catalog.Voices.Where(voices.IsInstalled).Select(voices.PathOf))
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(file => file, LocatedModel.SizeOf, StringComparer.Ordinal);

    private async Task<LocatedModel> EnsureAsync(
        HubFileSet files,
        InstallCare care,
        CancellationToken cancellationToken
    )
    {
        var model = await models.EnsureAsync(files, care, cancellationToken);
        if (voices.UsesPublished)
        {
            await voiceInstaller.EnsureAsync(model.Folder, care, cancellationToken);
        }

        return model;
    }
}
