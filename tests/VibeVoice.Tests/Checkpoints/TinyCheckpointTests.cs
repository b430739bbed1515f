using VibeVoice.Checkpoints;
using VibeVoice.Text;

namespace VibeVoice.Tests.Checkpoints;

public sealed class TinyCheckpointTests
{
    [Fact]
    public void Its_sizes_are_read()
    {
        var config = ModelConfig.Load(GoldenFiles.Tiny);

        config.Language.ShouldBe(new LanguageConfig(64, 160, 2, 3, 4, 2, 16, 1e-6f, 1e6, 128, 512));
        config.Diffusion.ShouldBe(new DiffusionConfig(64, 192, 2, 16, 1e-5f, 1000, 5, 256));
        config.Acoustic.Channels.ShouldBe([128, 64, 32, 16, 8, 4, 2]);
        config.Acoustic.DecoderDepths.ShouldBe([2, 1, 1, 1, 1, 1, 1]);
        config.Acoustic.SamplesPerFrame.ShouldBe(3200);
        config.SampleRateHz.ShouldBe(24_000);
    }

    [Fact]
    public void Its_tensors_are_read()
    {
        using var checkpoint = Checkpoint.Open(GoldenFiles.Tiny);

        checkpoint.Read("model.acoustic_connector.fc1.weight", 64, 16).Length.ShouldBe(64 * 16);
        checkpoint.ReadScalar("model.speech_scaling_factor").ShouldBe(0.2333984375f);
        checkpoint.ReadScalar("model.speech_bias_factor").ShouldBe(-0.0703125f);
    }

    [Fact]
    public void Its_voice_has_the_sizes_of_the_checkpoint()
    {
        var voice = VoicePreset.Load(GoldenFiles.TinyVoice, ModelConfig.Load(GoldenFiles.Tiny));

        voice.Name.ShouldBe("tiny");
        voice.Text.Length.ShouldBe(9);
        voice.Speech.Length.ShouldBe(21);
        voice.NegativeText.Length.ShouldBe(1);
        voice.NegativeSpeech.Length.ShouldBe(1);
        voice.Text.Keys.Count.ShouldBe(2);
        voice.Speech.Values.Count.ShouldBe(3);
        voice.Speech.Keys.ShouldAllBe(keys => keys.Length == 2 * 21 * 16);
        voice.Speech.LastHiddenState.Length.ShouldBe(21 * 64);
    }

    [Theory]
    [InlineData("run-long.safetensors")]
    [InlineData("run-short.safetensors")]
    [Trait("Category", "Reference")]
    public void Its_tokenizer_gives_the_recorded_tokens(string run)
    {
        using var recorded = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, run));
        var text = GoldenFiles.Describe(recorded).GetProperty("text").GetString()!;
        var straight = text.Replace('’', '\'').Replace('“', '"').Replace('”', '"').Trim() + "\n";

        var tokens = TextTokenizer.Load(GoldenFiles.Tiny).Encode(straight);

        tokens.Select(token => (long)token).ShouldBe(recorded.ReadInt64("token_ids"));
    }
}
