using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using VibeVoice.Checkpoints;
using VibeVoice.Development;

namespace VibeVoice.Tests.Generation;

/// <summary>A checkpoint of sizes that nobody chose: weights in shards of any type, a tokenizer of two files, a voice.</summary>
internal sealed record RandomCheckpoint(
    int KeyHeads,
    int Group,
    int HeadSize,
    int? OwnWidth,
    int[] Ratios,
    int[] Depths,
    bool DepthsAreGiven,
    TensorDtype Dtype,
    int Shards,
    ulong Seed
)
{
    public static Gen<RandomCheckpoint> Any { get; } =
        from keyHeads in Gen.Int[1, 3]
        from groupSize in Gen.Int[1, 3]
        from headSize in OneOf(2, 4, 6, 10, 16, 16, 32)
        from ownWidth in Gen.OneOf(Gen.Const((int?)null), Gen.Int[9, 40].Select(width => (int?)width))
        from ratios in Gen.Int[1, 5].Array[1, 3]
        from depths in Gen.Int[1, 2].Array[ratios.Length + 1]
        from depthsAreGiven in Gen.Bool
        from dtype in OneOf(TensorDtype.BF16, TensorDtype.F16, TensorDtype.F32)
        from shards in Gen.Int[1, 3]
        from seed in Gen.ULong
        select new RandomCheckpoint(
            keyHeads,
            groupSize,
            headSize,
            ownWidth,
            ratios,
            depths,
            depthsAreGiven,
            dtype,
            shards,
            seed
        );

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>One of several values, by the seed: what needs no shrinking of its own.</summary>
    public T Pick<T>(int place, params T[] values) =>
        values[(int)((((Seed + (ulong)place) * 0x9E3779B97F4A7C15) >> 32) % (ulong)values.Length)];

    public int Steps => Pick(9, 1, 2, 3, 4, 7);

    public float Guidance => Pick(10, 1f, 1.5f, 3f);

    /// <summary>Writes the folder and opens it.</summary>
    public Checkpoint Write(TemporaryFolder folder)
    {
        var config = MakeConfig();
        folder.Write("config.json", config.ToJsonString());
        folder.Write(
            "preprocessor_config.json",
            $$$"""{"audio_processor":{"sampling_rate":{{{Pick(0, 8000, 22_050, 24_000)}}}}}"""
        );
        WriteTokenizer(folder);
        var weights = SyntheticCheckpoint.WeightsOf(ModelConfig.Load(folder.Path), Pick(1, -50f, -1.5f, -0.5f, 0f));
        var shardOf = new JsonObject();
        for (var shard = 0; shard < Shards; shard++)
        {
            TensorSource[] own = [.. weights.Where((_, i) => i % Shards == shard).Select(As)];
            var name = Shards == 1 ? WeightFiles.FileName : $"model-{shard}.safetensors";
            SafetensorsWriter.Write(folder.PathOf(name), own, cancellationToken: TestContext.Current.CancellationToken);
            foreach (var tensor in own)
            {
                shardOf[tensor.Name] = name;
            }
        }

        if (Shards > 1)
        {
            folder.Write(WeightFiles.IndexFileName, new JsonObject { ["weight_map"] = shardOf }.ToJsonString());
        }

        return Checkpoint.Open(folder.Path);
    }

    private JsonNode MakeConfig()
    {
        // As the decoder's narrow norms, those of a language model of a few numbers would amplify what is fed back.
        const int leastWidth = 9;
        var headsWidth = KeyHeads * Group * HeadSize;
        var width = OwnWidth ?? Math.Max(headsWidth, leastWidth);
        var latentSize = Pick(2, 1, 3, 8, 13);
        var filters = Pick(3, 1, 2, 3, 5);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))!;
        var textLayers = Pick(4, 1, 2);
        var speechLayers = Pick(5, 1, 2);
        config["tts_backbone_num_hidden_layers"] = speechLayers;
        Set(config["decoder_config"]!, ("hidden_size", width), ("num_attention_heads", KeyHeads * Group));
        Set(config["decoder_config"]!, ("num_key_value_heads", KeyHeads), ("intermediate_size", Pick(6, 7, 32, 65)));
        Set(config["decoder_config"]!, ("num_hidden_layers", textLayers + speechLayers), ("vocab_size", 500));
        Set(config["decoder_config"]!, ("rope_theta", Pick(7, 100.0, 10_000.0, 1e6)));
        Set(config["decoder_config"]!, ("rms_norm_eps", Pick(8, 1e-6, 1e-5, 1e-3)));
        Set(config["decoder_config"]!, ("max_position_embeddings", Pick(11, 30, 40, 90)));
        Set(config["decoder_config"]!, ("tie_word_embeddings", Pick(12, true, false)));
        if (width != headsWidth)
        {
            Set(config["decoder_config"]!, ("head_dim", HeadSize));
        }

        var head = config["diffusion_head_config"]!;
        Set(head, ("hidden_size", width), ("head_layers", Pick(13, 1, 2)), ("latent_size", latentSize));
        Set(head, ("head_ffn_ratio", Pick(14, 1.0, 1.5, 2.7)), ("rms_norm_eps", Pick(15, 1e-5, 1e-3)));
        Set(head, ("ddpm_num_steps", Pick(16, 1000, 50)), ("ddpm_num_inference_steps", Steps));
        var acoustic = config["acoustic_tokenizer_config"]!;
        Set(acoustic, ("vae_dim", latentSize), ("decoder_n_filters", filters), ("layernorm_eps", Pick(17, 1e-5, 1e-3)));
        Set(acoustic, ("layer_scale_init_value", Pick(18, 1e-6, 0.0)), ("conv_bias", Pick(19, true, false)));
        acoustic["decoder_ratios"] = new JsonArray([.. Ratios.Select(ratio => JsonValue.Create(ratio))]);
        acoustic["decoder_depths"] = DepthsAreGiven ? string.Join('-', Depths) : null;
        acoustic["encoder_depths"] = string.Join('-', DepthsAreGiven ? [1] : Depths.Reverse());
        return config;
    }

    private static void Set(JsonNode node, params (string Name, object Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            node[name] = JsonValue.Create(value);
        }
    }

    private static void WriteTokenizer(TemporaryFolder folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "tokenizer.json")));
        var model = json.RootElement.GetProperty("model");
        folder.Write("vocab.json", model.GetProperty("vocab").GetRawText());
        var merges = model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}");
        folder.Write("merges.txt", $"#version: 0.2\n{string.Join('\n', merges)}\n");
    }

    private TensorSource As(TensorSource tensor) =>
        tensor with
        {
            Dtype = Dtype,
            Fill = (first, destination) =>
            {
                var count = destination.Length / Dtype.Size();
                var halves = new ushort[count];
                tensor.Fill(first, MemoryMarshal.AsBytes(halves.AsSpan()));
                var numbers = new float[count];
                TensorConversion.ToSingle(TensorDtype.BF16, MemoryMarshal.AsBytes(halves.AsSpan()), numbers);
                switch (Dtype)
                {
                    case TensorDtype.F32:
                        MemoryMarshal.AsBytes(numbers.AsSpan()).CopyTo(destination);
                        break;
                    case TensorDtype.F16:
                        Half[] rounded = [.. numbers.Select(number => (Half)number)];
                        MemoryMarshal.AsBytes(rounded.AsSpan()).CopyTo(destination);
                        break;
                    default:
                        MemoryMarshal.AsBytes(halves.AsSpan()).CopyTo(destination);
                        break;
                }
            },
        };
}
