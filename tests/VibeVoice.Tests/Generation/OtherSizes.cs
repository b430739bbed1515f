using System.Text.Json.Nodes;
using VibeVoice.Development;

namespace VibeVoice.Tests.Generation;

/// <summary>Synthetic checkpoints of sizes that no golden has.</summary>
internal static class OtherSizes
{
    /// <summary>An odd head size, three key heads, 40 samples a frame.</summary>
    public const string OddHeads = "odd heads";

    /// <summary>One key head for all, a head size that the fused node takes, one upsampling.</summary>
    public const string OneKeyHead = "one key head";

    /// <summary>As many key heads as query heads, a head size beside hidden size / heads.</summary>
    public const string WideHeads = "wide heads";

    public static string Write(string name, TemporaryFolder folder, float endBias = -1.5f)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))!;
        var (decoder, head, acoustic) = (
            config["decoder_config"]!,
            config["diffusion_head_config"]!,
            config["acoustic_tokenizer_config"]!
        );
        switch (name)
        {
            case OddHeads:
                Set(decoder, ("hidden_size", 60), ("num_attention_heads", 6), ("num_key_value_heads", 3));
                Set(decoder, ("intermediate_size", 88), ("num_hidden_layers", 3), ("rope_theta", 10_000.0));
                Set(config, ("tts_backbone_num_hidden_layers", 2));
                Set(head, ("hidden_size", 60), ("head_layers", 3), ("head_ffn_ratio", 2.5), ("latent_size", 12));
                SetDecoder(acoustic, 12, 3, [4, 2, 5], "2-1-3-1");
                break;
            case OneKeyHead:
                Set(decoder, ("hidden_size", 96), ("num_attention_heads", 3), ("num_key_value_heads", 1));
                Set(decoder, ("num_hidden_layers", 4), ("max_position_embeddings", 96));
                Set(config, ("tts_backbone_num_hidden_layers", 1));
                Set(head, ("hidden_size", 96), ("head_layers", 1), ("latent_size", 8));
                SetDecoder(acoustic, 8, 5, [6], "1-2");
                break;
            case WideHeads:
                Set(decoder, ("hidden_size", 40), ("num_attention_heads", 2), ("num_key_value_heads", 2));
                Set(decoder, ("head_dim", 48), ("num_hidden_layers", 2));
                Set(config, ("tts_backbone_num_hidden_layers", 1));
                Set(head, ("hidden_size", 40), ("latent_size", 20));
                SetDecoder(acoustic, 20, 1, [3, 2, 2], "1-1-1-2");
                break;
            default:
                throw new ArgumentException($"No sizes are called '{name}'.", nameof(name));
        }

        var checkpoint = folder.PathOf("checkpoint");
        SyntheticCheckpoint.Write(
            folder.Write("config.json", config.ToJsonString()),
            checkpoint,
            endBias,
            cancellationToken: TestContext.Current.CancellationToken
        );
        return checkpoint;
    }

    private static void SetDecoder(JsonNode acoustic, int latentSize, int filters, int[] ratios, string depths)
    {
        Set(acoustic, ("vae_dim", latentSize), ("decoder_n_filters", filters), ("decoder_depths", depths));
        acoustic["decoder_ratios"] = new JsonArray([.. ratios.Select(ratio => JsonValue.Create(ratio))]);
    }

    private static void Set(JsonNode node, params (string Name, object Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            node[name] = JsonValue.Create(value);
        }
    }
}
