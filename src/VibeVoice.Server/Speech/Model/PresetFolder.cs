using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech.Model;

/// <summary>The presets in a folder: as published (.pt) or in our own form (.safetensors), which wins where both are.</summary>
internal sealed class PresetFolder
{
    private static readonly string[] Extensions = [".pt", ".safetensors"];

    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="SettingsException">There is no such folder, or no preset in it.</exception>
    public PresetFolder(string folder)
    {
        var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [];
        foreach (var extension in Extensions)
        {
            foreach (
                var path in files.Where(file => Path.GetExtension(file) == extension).Order(StringComparer.Ordinal)
            )
            {
                _paths[Path.GetFileNameWithoutExtension(path)] = path;
            }
        }

        if (_paths.Count == 0)
        {
            throw new SettingsException(
                $"There is no voice in '{folder}'; put presets (.pt or .safetensors) there, or set VOICES_PATH to where they are."
            );
        }

        Catalog = new VoiceCatalog([
            .. _paths
                .Keys.Order(StringComparer.Ordinal)
                .Select(name => VoiceInfo.FromPresetName(name, VoiceSource.Own)),
        ]);
    }

    public VoiceCatalog Catalog { get; }

    public string PathOf(VoiceInfo voice) => _paths[voice.Name];
}
