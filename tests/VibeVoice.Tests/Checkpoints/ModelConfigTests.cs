using System.Text.Json.Nodes;
using VibeVoice.Checkpoints;

namespace VibeVoice.Tests.Checkpoints;

public sealed class ModelConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_published_sizes_are_read()
    {
        var config = ModelConfig.Load(Path.Combine(GoldenFiles.Full, "config.json"), preprocessorFile: null);

        config.Language.ShouldBe(new LanguageConfig(896, 4864, 4, 20, 14, 2, 64, 1e-6f, 1e6, 8192, 151_936));
        config.Diffusion.ShouldBe(new DiffusionConfig(896, 2688, 4, 64, 1e-5f, 1000, 5, 256));
        config.Acoustic.Channels.ShouldBe([2048, 1024, 512, 256, 128, 64, 32]);
        config.Acoustic.DecoderDepths.ShouldBe([8, 3, 3, 3, 3, 3, 3]);
        config.Acoustic.KernelSize.ShouldBe(7);
        config.SampleRateHz.ShouldBe(24_000);
    }

    [Theory]
    [InlineData("""{"audio_processor":{"sampling_rate":16000}}""", 16_000)]
    [InlineData("""{"sampling_rate":48000}""", 48_000)]
    [InlineData("{}", 24_000)]
    public void The_rate_comes_from_the_preprocessor(string json, int expected)
    {
        var path = _folder.Write("preprocessor_config.json", json);

        ModelConfig.Load(Path.Combine(GoldenFiles.Tiny, "config.json"), path).SampleRateHz.ShouldBe(expected);
    }

    [Theory]
    [InlineData("acoustic_tokenizer_config.decoder_depths", """[1,2,3,4,5,6,7]""")]
    [InlineData("acoustic_tokenizer_config.decoder_depths", "\"1-2-3-4-5-6-7\"")]
    public void Decoder_depths_are_taken_as_they_are(string key, string value) =>
        Change(key, value).Acoustic.DecoderDepths.ShouldBe([1, 2, 3, 4, 5, 6, 7]);

    [Fact]
    public void Positions_that_are_stretched_are_refused() =>
        Should
            .Throw<ModelFormatException>(() =>
                Change("decoder_config.rope_scaling", """{"rope_type":"yarn","factor":4.0}""")
            )
            .Message.ShouldContain("rope_type");

    [Theory]
    [InlineData(127, false)]
    [InlineData(128, true)]
    public void A_window_of_attention_is_refused_where_it_would_be_felt(int window, bool isFine)
    {
        var decoder = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))![
            "decoder_config"
        ]!;
        decoder["use_sliding_window"] = true;
        decoder["sliding_window"] = window;

        var error = Record.Exception(() => Change("decoder_config", decoder.ToJsonString()));

        (error is null).ShouldBe(isFine, error?.Message);
    }

    [Fact]
    public void The_rotary_base_may_stand_where_newer_files_have_it() =>
        Change("decoder_config.rope_parameters", """{"rope_type":"default","rope_theta":5000.0}""")
            .Language.RopeTheta.ShouldBe(5000);

    [Theory]
    [InlineData("model_type", "\"vibevoice\"")]
    [InlineData("model_type", "null")]
    [InlineData("decoder_config", "null")]
    [InlineData("decoder_config", "[]")]
    [InlineData("decoder_config.hidden_size", "0")]
    [InlineData("decoder_config.hidden_size", "-64")]
    [InlineData("decoder_config.hidden_size", "64.5")]
    [InlineData("decoder_config.hidden_size", "\"64\"")]
    [InlineData("decoder_config.hidden_size", "99999999999")]
    [InlineData("decoder_config.hidden_size", "null")]
    [InlineData("decoder_config.num_key_value_heads", "3")]
    [InlineData("decoder_config.num_attention_heads", "6")]
    [InlineData("decoder_config.head_dim", "15")]
    [InlineData("decoder_config.rms_norm_eps", "0")]
    [InlineData("decoder_config.rope_theta", "\"big\"")]
    [InlineData("decoder_config.num_hidden_layers", "1000000")]
    [InlineData("tts_backbone_num_hidden_layers", "5")]
    [InlineData("diffusion_head_config.hidden_size", "32")]
    [InlineData("diffusion_head_config.prediction_type", "\"epsilon\"")]
    [InlineData("diffusion_head_config.ddpm_beta_schedule", "\"linear\"")]
    [InlineData("decoder_config.hidden_act", "\"gelu\"")]
    [InlineData("acoustic_tokenizer_config.mixer_layer", "\"conv\"")]
    [InlineData("acoustic_tokenizer_config.layernorm", "\"LN\"")]
    [InlineData("acoustic_tokenizer_config.causal", "false")]
    [InlineData("acoustic_tokenizer_config.disable_last_norm", "false")]
    [InlineData("acoustic_tokenizer_config.channels", "2")]
    [InlineData("acoustic_tokenizer_config.conv_bias", "1")]
    [InlineData("diffusion_head_config.head_ffn_ratio", "1e300")]
    [InlineData("diffusion_head_config.ddpm_num_steps", "0")]
    [InlineData("acoustic_tokenizer_config.vae_dim", "8")]
    [InlineData("acoustic_tokenizer_config.decoder_ratios", "[8,5,0]")]
    [InlineData("acoustic_tokenizer_config.decoder_ratios", "[]")]
    [InlineData("acoustic_tokenizer_config.decoder_ratios", "[1000,1000,1000,1000,1000,1000]")]
    [InlineData("acoustic_tokenizer_config.decoder_n_filters", "65000")]
    [InlineData("acoustic_tokenizer_config.decoder_depths", "\"1-2\"")]
    [InlineData("acoustic_tokenizer_config.decoder_depths", "\"a-b-c-d-e-f-g\"")]
    public void A_value_that_makes_no_sense_is_named(string key, string value)
    {
        var error = Should.Throw<ModelFormatException>(() => Change(key, value));

        error.Message.ShouldContain(key.Split('.')[^1]);
        error.Message.ShouldContain("config.json");
    }

    [Fact]
    public void Depths_that_are_nowhere_are_named() =>
        Should
            .Throw<ModelFormatException>(() => Change("acoustic_tokenizer_config.encoder_depths", "null"))
            .Message.ShouldContain("decoder_depths");

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model_type\":")]
    public void A_file_that_is_no_object_is_named(string json)
    {
        var path = _folder.Write("config.json", json);

        Should.Throw<ModelFormatException>(() => ModelConfig.Load(path, null)).Message.ShouldContain(path);
    }

    private ModelConfig Change(string key, string value)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))!;
        var parts = key.Split('.');
        var section = parts[..^1].Aggregate(config, (node, part) => node[part]!);
        section.AsObject()[parts[^1]] = JsonNode.Parse(value);
        return ModelConfig.Load(_folder.Write("config.json", config.ToJsonString()), null);
    }
}
