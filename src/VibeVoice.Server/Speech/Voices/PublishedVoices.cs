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

    public static VoiceCatalog Catalog { get; } = new([.. Names.Select(VoiceInfo.FromPresetName)]);
}
