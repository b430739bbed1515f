namespace VibeVoice.Server.Speech.Voices;

/// <summary>
/// The 25 presets published in the model's Git repository, demo/voices/streaming_model. Both engines offer these
/// names, so that one request fits both.
/// </summary>
internal static class PublishedVoices
{
    private static readonly string[] Names =
    [
        "en-Carter_man",
        "en-Davis_man",
        "en-Emma_woman",
        "en-Frank_man",
        "en-Grace_woman",
        "en-Mike_man",
        "in-Samuel_man",
        "de-Spk0_man",
        "de-Spk1_woman",
        "fr-Spk0_man",
        "fr-Spk1_woman",
        "it-Spk0_woman",
        "it-Spk1_man",
        "jp-Spk0_man",
        "jp-Spk1_woman",
        "kr-Spk0_woman",
        "kr-Spk1_man",
        "nl-Spk0_man",
        "nl-Spk1_woman",
        "pl-Spk0_man",
        "pl-Spk1_woman",
        "pt-Spk0_woman",
        "pt-Spk1_man",
        "sp-Spk0_woman",
        "sp-Spk1_man",
    ];

    /// <summary>
    /// Names that clients of OpenAI's API ask for, and the voice that each is given. They are aliases and no imitations:
    /// nothing of those voices is in these.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Aliases { get; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["alloy"] = "en-Emma_woman",
            ["ash"] = "en-Davis_man",
            ["ballad"] = "en-Carter_man",
            ["cedar"] = "en-Frank_man",
            ["coral"] = "en-Grace_woman",
            ["echo"] = "en-Mike_man",
            ["fable"] = "in-Samuel_man",
            ["marin"] = "en-Grace_woman",
            ["nova"] = "en-Emma_woman",
            ["onyx"] = "en-Frank_man",
            ["sage"] = "en-Davis_man",
            ["shimmer"] = "en-Grace_woman",
            ["verse"] = "en-Carter_man",
        };

    public static VoiceCatalog Catalog { get; } = new([.. Names.Select(VoiceInfo.FromPresetName)]);
}
