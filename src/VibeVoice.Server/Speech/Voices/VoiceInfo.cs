namespace VibeVoice.Server.Speech.Voices;

/// <summary>A voice that requests can name.</summary>
/// <param name="Name">The preset's file name without its extension: "en-Emma_woman".</param>
/// <param name="Language">BCP 47 tag, "und" where the name does not tell; its prefix is not one ("jp" is ja-JP).</param>
/// <param name="Gender">Read from the end of the name.</param>
internal sealed record VoiceInfo(string Name, string Language, VoiceGender Gender)
{
    /// <summary>Where it comes from.</summary>
    public VoiceSource Source { get; init; }

    /// <summary>
    /// The checkpoint is trained and supported for English; its authors call the rest experimental, and the voices of their
    /// archives in whatever language.
    /// </summary>
    public bool IsExperimental =>
        !Language.StartsWith("en", StringComparison.Ordinal) || Source == VoiceSource.Experimental;

    /// <summary>Reads language and gender from a preset's name: "{prefix}-{speaker}_{man|woman}".</summary>
    public static VoiceInfo FromPresetName(string name) => FromPresetName(name, VoiceSource.Published);

    /// <inheritdoc cref="FromPresetName(string)"/>
    public static VoiceInfo FromPresetName(string name, VoiceSource source)
    {
        var language = name.Split('-')[0] switch
        {
            "en" => "en-US",
            "in" => "en-IN",
            "de" => "de-DE",
            "fr" => "fr-FR",
            "it" => "it-IT",
            "jp" => "ja-JP",
            "kr" => "ko-KR",
            "nl" => "nl-NL",
            "pl" => "pl-PL",
            // Which country the speakers of these two come from is not stated.
            "pt" => "pt",
            "sp" => "es",
            _ => "und",
        };
        var gender =
            name.EndsWith("_woman", StringComparison.Ordinal) ? VoiceGender.Woman
            : name.EndsWith("_man", StringComparison.Ordinal) ? VoiceGender.Man
            : VoiceGender.Unknown;
        return new VoiceInfo(name, language, gender) { Source = source };
    }
}

internal enum VoiceGender
{
    Unknown,
    Man,
    Woman,
}

/// <summary>Where a voice comes from.</summary>
internal enum VoiceSource
{
    /// <summary>The model's Git repository.</summary>
    Published,

    /// <summary>One of the archives that the repository's authors call experimental.</summary>
    Experimental,

    /// <summary>A folder of the user's, or of the checkpoint.</summary>
    Own,
}
