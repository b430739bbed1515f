using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Tests.Generation;

public sealed class KeyValueCacheTests
{
    private readonly ModelConfig _config = ModelConfig.Load(GoldenFiles.Tiny);

    [Fact]
    public void It_begins_with_the_prompt_and_counts_what_is_added()
    {
        var voice = VoicePreset.Load(GoldenFiles.TinyVoice, _config);
        using var cache = new KeyValueCache(_config.Language, _config.Language.SpeechLayers);

        cache.Prefill(voice.Speech);
        cache.Length.ShouldBe(voice.Speech.Length);
        cache.Announce(5);
        cache.Length.ShouldBe(voice.Speech.Length);
        cache.Advance(5);
        cache.Length.ShouldBe(voice.Speech.Length + 5);
    }

    [Fact]
    public void It_takes_no_more_than_the_positions_of_the_model()
    {
        using var cache = new KeyValueCache(_config.Language, _config.Language.SpeechLayers);

        cache.Advance(cache.Capacity - 1);
        cache.HasRoomFor(1).ShouldBeTrue();
        cache.HasRoomFor(2).ShouldBeFalse();
        Should.Throw<InvalidOperationException>(() => cache.Announce(2));
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_refused()
    {
        var voice = VoicePreset.Load(GoldenFiles.TinyVoice, _config);
        var small = _config.Language with { MaxPositions = 8 };
        using var cache = new KeyValueCache(small, small.SpeechLayers);

        Should
            .Throw<ModelFormatException>(() => cache.Prefill(voice.Speech))
            .Message.ShouldContain("but the model has only 8");
    }
}
