namespace VibeVoice.Checkpoints;

/// <summary>The Qwen2 decoder that is split into <c>language_model</c> and <c>tts_language_model</c>.</summary>
/// <param name="TextLayers">Layers of <c>language_model</c>, which has no final norm.</param>
/// <param name="SpeechLayers">Layers of <c>tts_language_model</c>, which has one.</param>
internal sealed record LanguageConfig(
    int HiddenSize,
    int IntermediateSize,
    int TextLayers,
    int SpeechLayers,
    int QueryHeads,
    int KeyValueHeads,
    int HeadSize,
    float RmsNormEpsilon,
    double RopeTheta,
    int MaxPositions,
    int VocabularySize
)
{
    public static LanguageConfig Read(JsonFile config)
    {
        const int maximumLayers = 1024;
        var decoder = config.Object("decoder_config");
        var hiddenSize = decoder.Count("hidden_size");
        var queryHeads = decoder.Count("num_attention_heads");
        var keyValueHeads = decoder.Count("num_key_value_heads", queryHeads);
        var layers = decoder.Count("num_hidden_layers", maximum: maximumLayers);
        var speechLayers = config.Count("tts_backbone_num_hidden_layers", maximum: maximumLayers);
        if (queryHeads % keyValueHeads != 0)
        {
            throw decoder.Wrong(
                "num_key_value_heads",
                $"{keyValueHeads}",
                $"a divisor of the {queryHeads} query heads"
            );
        }

        if (speechLayers >= layers)
        {
            throw config.Wrong(
                "tts_backbone_num_hidden_layers",
                $"{speechLayers}",
                $"a number below the {layers} layers of the decoder"
            );
        }

        if (hiddenSize % queryHeads != 0 && !decoder.Has("head_dim"))
        {
            throw decoder.Wrong("num_attention_heads", $"{queryHeads}", $"a divisor of the hidden size {hiddenSize}");
        }

        decoder.Expect("hidden_act", "silu");
        var maximumPositions = decoder.Count("max_position_embeddings");
        CheckAttention(decoder, maximumPositions);
        var headSize = decoder.Count("head_dim", hiddenSize / queryHeads);
        if (headSize % 2 != 0)
        {
            throw decoder.Wrong("head_dim", $"{headSize}", "an even number, since rotary positions turn pairs");
        }

        return new LanguageConfig(
            hiddenSize,
            decoder.Count("intermediate_size"),
            layers - speechLayers,
            speechLayers,
            queryHeads,
            keyValueHeads,
            headSize,
            (float)decoder.Positive("rms_norm_eps", 1e-6),
            // Moved into an object by newer versions of the reference's library.
            (decoder.TryObject("rope_parameters") ?? decoder).Positive("rope_theta", 10_000),
            maximumPositions,
            decoder.Count("vocab_size")
        );
    }

    /// <summary>Positions that are stretched, or a window of attention, would be another model.</summary>
    private static void CheckAttention(JsonFile decoder, int maximumPositions)
    {
        decoder.TryObject("rope_parameters")?.Expect("rope_type", "default");
        if (decoder.TryObject("rope_scaling") is { } scaling)
        {
            scaling.Expect("rope_type", "default");
            scaling.Expect("type", "default");
        }

        if (decoder.Flag("use_sliding_window") == true && decoder.Count("sliding_window", 4096) < maximumPositions)
        {
            throw decoder.Wrong("use_sliding_window", "true", "false");
        }
    }
}
