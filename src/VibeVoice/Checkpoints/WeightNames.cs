namespace VibeVoice.Checkpoints;

/// <summary>The tensors that a checkpoint must have, by name and shape: all follow from its configuration.</summary>
/// <remarks>Names are those of the published file. A scalar's shape is <c>[]</c>, and any shape of one element serves.</remarks>
internal static class WeightNames
{
    public const string Embeddings = "model.language_model.embed_tokens.weight";
    public const string EndOfSpeechBias = "tts_eos_classifier.fc2.bias";
    public const string SpeechScale = "model.speech_scaling_factor";
    public const string SpeechBias = "model.speech_bias_factor";

    private const string Decoder = "model.acoustic_tokenizer.decoder";
    private const string Head = "model.prediction_head";

    // A tensor here that is not expected means another architecture: to ignore it would speak noise.
    private static readonly string[] _understoodPrefixes =
    [
        "model.language_model.",
        "model.tts_language_model.",
        "model.tts_input_types.",
        "model.acoustic_connector.",
        $"{Decoder}.",
        $"{Head}.",
        "tts_eos_classifier.",
    ];

    /// <summary>Every tensor that the model uses.</summary>
    public static IReadOnlyList<(string Name, long[] Shape)> Of(ModelConfig config) =>
        [
            (SpeechScale, []),
            (SpeechBias, []),
            (Embeddings, [config.Language.VocabularySize, config.Language.HiddenSize]),
            .. Layers("model.language_model", config.Language.TextLayers, config.Language),
            .. Layers("model.tts_language_model", config.Language.SpeechLayers, config.Language),
            ("model.tts_language_model.norm.weight", [config.Language.HiddenSize]),
            ("model.tts_input_types.weight", [2, config.Language.HiddenSize]),
            .. Connector(config),
            .. DiffusionHead(config.Diffusion),
            .. EndOfSpeech(config.Language.HiddenSize),
            .. AcousticDecoder(config.Acoustic),
        ];

    /// <summary>Whether a tensor that is not expected may be there all the same.</summary>
    public static bool MayBeIgnored(string name) =>
        name == "model.tts_language_model.embed_tokens.weight"
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || !_understoodPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private static IEnumerable<(string, long[])> Layers(string model, int layers, LanguageConfig language)
    {
        long width = language.HiddenSize;
        long queryWidth = (long)language.QueryHeads * language.HeadSize;
        long keyWidth = (long)language.KeyValueHeads * language.HeadSize;
        for (var i = 0; i < layers; i++)
        {
            var layer = $"{model}.layers.{i}";
            yield return ($"{layer}.self_attn.q_proj.weight", [queryWidth, width]);
            yield return ($"{layer}.self_attn.q_proj.bias", [queryWidth]);
            yield return ($"{layer}.self_attn.k_proj.weight", [keyWidth, width]);
            yield return ($"{layer}.self_attn.k_proj.bias", [keyWidth]);
            yield return ($"{layer}.self_attn.v_proj.weight", [keyWidth, width]);
            yield return ($"{layer}.self_attn.v_proj.bias", [keyWidth]);
            yield return ($"{layer}.self_attn.o_proj.weight", [width, queryWidth]);
            yield return ($"{layer}.mlp.gate_proj.weight", [language.IntermediateSize, width]);
            yield return ($"{layer}.mlp.up_proj.weight", [language.IntermediateSize, width]);
            yield return ($"{layer}.mlp.down_proj.weight", [width, language.IntermediateSize]);
            yield return ($"{layer}.input_layernorm.weight", [width]);
            yield return ($"{layer}.post_attention_layernorm.weight", [width]);
        }
    }

    private static IEnumerable<(string, long[])> Connector(ModelConfig config)
    {
        const string connector = "model.acoustic_connector";
        long width = config.Language.HiddenSize;
        yield return ($"{connector}.fc1.weight", [width, config.Acoustic.LatentSize]);
        yield return ($"{connector}.fc1.bias", [width]);
        yield return ($"{connector}.norm.weight", [width]);
        yield return ($"{connector}.fc2.weight", [width, width]);
        yield return ($"{connector}.fc2.bias", [width]);
    }

    private static IEnumerable<(string, long[])> DiffusionHead(DiffusionConfig head)
    {
        long width = head.HiddenSize;
        yield return ($"{Head}.noisy_images_proj.weight", [width, head.LatentSize]);
        yield return ($"{Head}.cond_proj.weight", [width, width]);
        yield return ($"{Head}.t_embedder.mlp.0.weight", [width, head.FrequencySize]);
        yield return ($"{Head}.t_embedder.mlp.2.weight", [width, width]);
        for (var i = 0; i < head.Layers; i++)
        {
            yield return ($"{Head}.layers.{i}.norm.weight", [width]);
            yield return ($"{Head}.layers.{i}.ffn.gate_proj.weight", [head.FfnSize, width]);
            yield return ($"{Head}.layers.{i}.ffn.up_proj.weight", [head.FfnSize, width]);
            yield return ($"{Head}.layers.{i}.ffn.down_proj.weight", [width, head.FfnSize]);
            yield return ($"{Head}.layers.{i}.adaLN_modulation.1.weight", [3 * width, width]);
        }

        yield return ($"{Head}.final_layer.linear.weight", [head.LatentSize, width]);
        yield return ($"{Head}.final_layer.adaLN_modulation.1.weight", [2 * width, width]);
    }

    private static IEnumerable<(string, long[])> EndOfSpeech(long width)
    {
        yield return ("tts_eos_classifier.fc1.weight", [width, width]);
        yield return ("tts_eos_classifier.fc1.bias", [width]);
        yield return ("tts_eos_classifier.fc2.weight", [1, width]);
        yield return (EndOfSpeechBias, [1]);
    }

    private static IEnumerable<(string, long[])> AcousticDecoder(AcousticConfig acoustic) =>
        AllOfAcousticDecoder(acoustic)
            .Where(weight => acoustic.HasBias || !weight.Item1.EndsWith(".bias", StringComparison.Ordinal))
            .Where(weight => acoustic.HasLayerScale || !weight.Item1.EndsWith("gamma", StringComparison.Ordinal));

    private static IEnumerable<(string, long[])> AllOfAcousticDecoder(AcousticConfig acoustic)
    {
        var channels = acoustic.Channels;
        long kernel = acoustic.KernelSize;
        const string upsampling = $"{Decoder}.upsample_layers";
        yield return ($"{upsampling}.0.0.conv.conv.weight", [channels[0], acoustic.LatentSize, kernel]);
        yield return ($"{upsampling}.0.0.conv.conv.bias", [channels[0]]);
        for (var i = 1; i < channels.Count; i++)
        {
            var name = $"{upsampling}.{i}.0.convtr.convtr";
            yield return ($"{name}.weight", [channels[i - 1], channels[i], 2L * acoustic.Ratios[i - 1]]);
            yield return ($"{name}.bias", [channels[i]]);
        }

        for (var stage = 0; stage < channels.Count; stage++)
        {
            long width = channels[stage];
            for (var i = 0; i < acoustic.DecoderDepths[stage]; i++)
            {
                var block = $"{Decoder}.stages.{stage}.{i}";
                yield return ($"{block}.norm.weight", [width]);
                yield return ($"{block}.gamma", [width]);
                yield return ($"{block}.mixer.conv.conv.conv.weight", [width, 1, kernel]);
                yield return ($"{block}.mixer.conv.conv.conv.bias", [width]);
                yield return ($"{block}.ffn_norm.weight", [width]);
                yield return ($"{block}.ffn_gamma", [width]);
                yield return ($"{block}.ffn.linear1.weight", [4 * width, width]);
                yield return ($"{block}.ffn.linear1.bias", [4 * width]);
                yield return ($"{block}.ffn.linear2.weight", [width, 4 * width]);
                yield return ($"{block}.ffn.linear2.bias", [width]);
            }
        }

        yield return ($"{Decoder}.head.conv.conv.weight", [1, acoustic.Filters, kernel]);
        yield return ($"{Decoder}.head.conv.conv.bias", [1]);
    }
}
