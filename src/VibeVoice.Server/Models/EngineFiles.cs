using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>Everything that the VibeVoice engine reads from disk: the checkpoint, its tokenizer, and voices.</summary>
internal sealed class EngineFiles(ModelLocator models, VoiceLibrary voices, VoiceInstaller voiceInstaller)
{
    public VoiceLibrary Voices => voices;

    /// <summary>MODEL_PATH as it was given.</summary>
    public string ModelPath => models.ModelPath;

    /// <summary>Finds all of it, or fetches what is missing.</summary>
    /// <exception cref="SpeechFailedException">A part is not here and cannot be fetched, or is of no use.</exception>
    public async Task<LocatedModel> EnsureAsync(InstallCare care, CancellationToken cancellationToken)
    {
        var model = await models.EnsureAsync(care, cancellationToken);
        if (voices.UsesPublished)
        {
            await voiceInstaller.EnsureAsync(model.Folder, care, cancellationToken);
        }

        return model;
    }

    /// <summary>Sizes of the files that the engine needs, by their paths.</summary>
    public IReadOnlyDictionary<string, long> Measure(LocatedModel model) =>
        new[] { model.Folder, model.TokenizerFolder }
            .Distinct(StringComparer.Ordinal)
            .SelectMany(folder => Directory.EnumerateFiles(folder))
            .Concat(voices.Catalog.Voices.Where(voices.IsInstalled).Select(voices.PathOf))
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(file => file, LocatedModel.SizeOf, StringComparer.Ordinal);
}
