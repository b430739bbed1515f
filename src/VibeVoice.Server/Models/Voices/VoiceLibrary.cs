using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Models.Voices;

/// <summary>
/// The voices of the VibeVoice engine: the user's (VOICES_PATH) and the checkpoint folder's own, then those on the volume.
/// Of two with one name the user's wins.
/// </summary>
internal sealed class VoiceLibrary
{
    private readonly List<PresetFolder> _own = [];
    private readonly VoiceFolder _published;

    /// <param name="settings">VOICES_PATH.</param>
    /// <param name="modelFolder">The checkpoint where MODEL_PATH is a folder; null where it is a hub id.</param>
    /// <param name="published">Those on the volume.</param>
    /// <exception cref="SettingsException">There is no voice in VOICES_PATH.</exception>
    public VoiceLibrary(SpeechSettings settings, string? modelFolder, VoiceFolder published)
    {
        _published = published;
        if (settings.VoicesPath is { } path)
        {
            _own.Add(new PresetFolder(path));
        }

        if (modelFolder is not null && Directory.Exists(Path.Combine(modelFolder, "voices")))
        {
            _own.Add(new PresetFolder(Path.Combine(modelFolder, "voices")));
        }

        // A checkpoint in a folder that brings voices may be of any size: the published ones are for the published model.
        UsesPublished = modelFolder is null || _own.Count == 0;
        Catalog = new VoiceCatalog([
            .. _own.SelectMany(folder => folder.Catalog.Voices)
                .Concat(UsesPublished ? Published() : [])
                .DistinctBy(voice => voice.Name, StringComparer.OrdinalIgnoreCase),
        ]);
    }

    /// <summary>Whether the voices on the volume are among them, and have to be there.</summary>
    public bool UsesPublished { get; }

    /// <summary>All of them, the published ones also before they are installed.</summary>
    public VoiceCatalog Catalog { get; }

    public string PathOf(VoiceInfo voice) =>
        _own.FirstOrDefault(folder => folder.Catalog.Voices.Contains(voice))?.PathOf(voice)
        ?? _published.PathOf(voice.Name);

    public bool IsInstalled(VoiceInfo voice) => File.Exists(PathOf(voice));

    private IEnumerable<VoiceInfo> Published() =>
        PublishedVoices
            .Catalog.Voices.Select(voice => voice.Name)
            .Concat(_published.Index.Voices.Where(v => v.Source == VoiceSource.Published).Select(v => v.Name))
            .Distinct(StringComparer.Ordinal)
            .Select(VoiceInfo.FromPresetName)
            .Concat(
                _published
                    .Index.Voices.Where(voice => voice.Source == VoiceSource.Experimental)
                    .Select(voice => VoiceInfo.FromPresetName(voice.Name, VoiceSource.Experimental))
            );
}
