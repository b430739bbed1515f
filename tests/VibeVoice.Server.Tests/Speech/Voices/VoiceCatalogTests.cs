using VibeVoice.Server.Speech.Preview;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Tests.Speech.Voices;

public sealed class VoiceCatalogTests
{
    private static readonly VoiceCatalog Catalog = PublishedVoices.Catalog;

    [Theory]
    [InlineData("en-Emma_woman", "en-Emma_woman")]
    [InlineData("EN-EMMA_WOMAN", "en-Emma_woman")]
    [InlineData("emma", "en-Emma_woman")]
    [InlineData(" Mike ", "en-Mike_man")]
    [InlineData("kr-spk0", "kr-Spk0_woman")]
    public void A_name_or_a_part_that_only_one_has_finds_the_voice(string key, string name)
    {
        Catalog.Find(key, out var voice).ShouldBeNull();

        voice!.Name.ShouldBe(name);
    }

    [Fact]
    public void An_exact_name_wins_over_names_that_contain_it()
    {
        var catalog = new VoiceCatalog([
            new VoiceInfo("en-Emma_woman_2", "en-US", VoiceGender.Woman),
            new VoiceInfo("en-Emma_woman", "en-US", VoiceGender.Woman),
        ]);

        catalog.Find("EN-emma_woman", out var voice).ShouldBeNull();

        voice!.Name.ShouldBe("en-Emma_woman");
    }

    [Fact]
    public void Several_matches_list_just_those() =>
        Catalog.Find("de-Spk", out _).ShouldNotBeNull().ShouldEndWith(": de-Spk0_man, de-Spk1_woman");

    [Fact]
    public void The_25_published_names_are_there_with_their_true_languages()
    {
        Catalog.Voices.Count.ShouldBe(25);
        Catalog.Voices.Select(voice => voice.Name).ShouldBeUnique();
        Catalog.Voices.Single(voice => voice.Name == "jp-Spk0_man").Language.ShouldBe("ja-JP");
        Catalog.Voices.Single(voice => voice.Name == "kr-Spk1_man").Language.ShouldBe("ko-KR");
        Catalog.Voices.Single(voice => voice.Name == "sp-Spk0_woman").Gender.ShouldBe(VoiceGender.Woman);
        Catalog.Voices.Count(voice => !voice.IsExperimental).ShouldBe(7);
    }

    [Fact]
    public void Every_published_voice_has_an_espeak_voice_of_its_own() =>
        Catalog.Voices.Select(PreviewVoices.EspeakName).ShouldBeUnique();
}
