namespace VibeVoice.Server.Speech.Voices;

/// <summary>The voices an engine offers, and how a request's key finds one.</summary>
internal sealed class VoiceCatalog(IReadOnlyList<VoiceInfo> voices)
{
    public IReadOnlyList<VoiceInfo> Voices { get; } = voices;

    /// <summary>
    /// Finds the voice for <paramref name="key"/>: an exact name wins, case ignored, then an alias, then a part that only one name
    /// has.
    /// </summary>
    /// <param name="key">What the caller asked for: "en-Emma_woman", "emma".</param>
    /// <param name="voice">The voice, or null.</param>
    /// <returns>Null when found, else the end of a sentence that lists the voices: "matches none of …".</returns>
    public string? Find(string key, out VoiceInfo? voice)
    {
        key = key.Trim();
        voice = Exact(key) ?? (PublishedVoices.Aliases.TryGetValue(key, out var name) ? Exact(name) : null);
        if (voice is not null)
        {
            return null;
        }

        var matches = Voices.Where(v => v.Name.Contains(key, StringComparison.OrdinalIgnoreCase)).ToList();
        if (matches is [var only])
        {
            voice = only;
            return null;
        }

        return matches.Count == 0
            ? $"matches no voice; the voices are {List(Voices)}"
            : $"matches {matches.Count} voices; give more of one of these names: {List(matches)}";
    }

    private VoiceInfo? Exact(string name) =>
        Voices.FirstOrDefault(voice => voice.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string List(IEnumerable<VoiceInfo> voices) => string.Join(", ", voices.Select(v => v.Name));
}
