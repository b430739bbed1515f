using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech.Preview;

/// <summary>
/// Gives each published name an espeak-ng voice of its language and gender, with a variant of its own so that two
/// names of one language can be told apart. Nothing of the preset's own sound is in it.
/// </summary>
internal static class PreviewVoices
{
    private static readonly string[] MaleVariants = ["m3", "m1", "m7", "m2", "m5", "m4"];
    private static readonly string[] FemaleVariants = ["f2", "f4", "f5"];

    /// <summary>The value of espeak-ng's -v: "en-us+f2".</summary>
    public static string EspeakName(VoiceInfo voice)
    {
        var variants = voice.Gender == VoiceGender.Woman ? FemaleVariants : MaleVariants;
        var rank = PublishedVoices
            .Catalog.Voices.Where(v => v.Language == voice.Language && v.Gender == voice.Gender)
            .TakeWhile(v => v.Name != voice.Name)
            .Count();
        return $"{EspeakLanguage(voice.Language)}+{variants[rank % variants.Length]}";
    }

    private static string EspeakLanguage(string language) =>
        language switch
        {
            "en-US" => "en-us",
            // espeak-ng has no Indian English; British is nearest.
            "en-IN" => "en-gb",
            "fr-FR" => "fr-fr",
            _ => language.Split('-')[0],
        };
}
