namespace VibeVoice.Server.Speech.Voices;

/// <summary>A voice that requests can name.</summary>
/// <param name="Name">The preset's file name without its extension: "en-Emma_woman".</param>
/// <param name="Language">BCP 47 tag; the prefix of the name is not one ("jp" is ja-JP).</param>
/// <param name="Gender">Read from the end of the name.</param>
internal sealed record Voice(string Name, string Language, VoiceGender Gender)
{
    /// <summary>The checkpoint is trained and supported for English; its authors call the rest experimental.</summary>
    public bool IsExperimental => !Language.StartsWith("en", StringComparison.Ordinal);
}

internal enum VoiceGender
{
    Man,
    Woman,
}
