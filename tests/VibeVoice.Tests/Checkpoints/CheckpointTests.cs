using System.Text.Json.Nodes;
using VibeVoice.Checkpoints;
using VibeVoice.Development;

namespace VibeVoice.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private const string Missing = "model.tts_language_model.norm.weight";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_are_one_checkpoint()
    {
        var shardOf = WriteShards();

        using var sharded = Checkpoint.Open(_folder.Path);
        using var single = Checkpoint.Open(GoldenFiles.Tiny);

        shardOf.Values.Distinct().Count().ShouldBe(3);
        foreach (var (name, shape) in WeightNames.Of(single.Config))
        {
            sharded.Read(name, shape).ShouldBe(single.Read(name, shape), name);
        }
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        var shardOf = WriteShards();
        File.Delete(_folder.PathOf(shardOf[Missing]));

        Should.Throw<ModelFormatException>(Open).Message.ShouldContain(shardOf[Missing]);
    }

    [Fact]
    public void A_tensor_that_is_not_in_its_shard_is_named()
    {
        var shardOf = WriteShards();
        shardOf["model.other"] = "b.safetensors";
        WriteIndex(shardOf);

        var error = Should.Throw<WeightMismatchException>(Open);

        error.Tensor.ShouldBe("model.other");
        error.File.ShouldEndWith("b.safetensors");
    }

    [Fact]
    public void A_tensor_in_another_shard_than_the_index_says_is_named()
    {
        var shardOf = WriteShards();
        shardOf[Missing] = shardOf[Missing] == "a.safetensors" ? "b.safetensors" : "a.safetensors";
        WriteIndex(shardOf);

        Should.Throw<ModelFormatException>(Open).Message.ShouldContain(Missing);
    }

    [Theory]
    [InlineData("../a.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("..")]
    public void An_index_cannot_lead_out_of_the_folder(string shard)
    {
        var shardOf = WriteShards();
        shardOf[Missing] = shard;
        WriteIndex(shardOf);

        Should.Throw<ModelFormatException>(Open).Message.ShouldContain("plain name of a file");
    }

    [Fact]
    public void A_folder_without_weights_or_configuration_says_so()
    {
        Should.Throw<ModelFormatException>(Open).Message.ShouldContain("config.json");

        File.Copy(Path.Combine(GoldenFiles.Tiny, "config.json"), _folder.PathOf("config.json"));
        Should.Throw<ModelFormatException>(Open).Message.ShouldContain("model.safetensors.index.json");
    }

    [Fact]
    public void A_missing_tensor_is_named_with_file_and_shape()
    {
        WriteSingle(tensor => tensor.Name == Missing ? null : tensor);

        var error = Should.Throw<WeightMismatchException>(Open);

        error.Tensor.ShouldBe(Missing);
        error.Expected.ShouldBe("shape [64]");
        error.Found.ShouldBe("nothing of that name");
        error.File.ShouldEndWith("model.safetensors");
        error.Message.ShouldContain(error.File);
    }

    [Theory]
    [InlineData(Missing, new long[] { 1, 64 })]
    [InlineData("model.language_model.layers.0.self_attn.k_proj.weight", new long[] { 64, 32 })]
    [InlineData("model.speech_scaling_factor", new long[] { 2 })]
    public void A_tensor_of_another_shape_is_named_with_both_shapes(string name, long[] shape)
    {
        WriteSingle(tensor => tensor.Name == name ? tensor with { Shape = shape } : tensor);

        var error = Should.Throw<WeightMismatchException>(Open);

        error.Tensor.ShouldBe(name);
        error.Found.ShouldBe($"shape [{string.Join(", ", shape)}]");
    }

    [Fact]
    public void A_tensor_of_whole_numbers_is_no_weight()
    {
        WriteSingle(tensor => tensor.Name == Missing ? tensor with { Dtype = TensorDtype.I16 } : tensor);

        Should.Throw<WeightMismatchException>(Open).Found.ShouldBe("type I16");
    }

    [Theory]
    [InlineData("model.language_model.layers.2.input_layernorm.weight")]
    [InlineData("model.acoustic_tokenizer.decoder.norm.weight")]
    public void A_tensor_too_many_means_another_model(string name)
    {
        WriteSingle(tensor => tensor, new TensorSource(name, TensorDtype.BF16, [64], (_, _) => { }));

        Should.Throw<WeightMismatchException>(Open).Tensor.ShouldBe(name);
    }

    [Theory]
    [InlineData("model.acoustic_tokenizer.encoder.head.conv.conv.weight")]
    [InlineData("model.tts_language_model.embed_tokens.weight")]
    [InlineData("lm_head.weight")]
    public void Tensors_that_the_model_does_not_use_may_be_there(string name)
    {
        WriteSingle(tensor => tensor, new TensorSource(name, TensorDtype.BF16, [64], (_, _) => { }));

        using var checkpoint = Open();
        checkpoint.Contains(name).ShouldBeTrue();
    }

    [Fact]
    public void All_mistakes_are_counted_at_once()
    {
        WriteSingle(tensor => tensor.Name.Contains("prediction_head.layers", StringComparison.Ordinal) ? null : tensor);

        var error = Should.Throw<WeightMismatchException>(Open);

        error.Message.ShouldContain("model.prediction_head.layers.0.norm.weight");
        error.Message.ShouldContain("and 4 more");
    }

    [Fact]
    public void A_scalar_may_have_any_rank()
    {
        WriteSingle(tensor => tensor.Shape is [] ? tensor with { Shape = [1, 1] } : tensor);

        using var checkpoint = Open();
        checkpoint.ReadScalar(WeightNames.SpeechScale).ShouldBe(0.2333984375f);
        Should.Throw<WeightMismatchException>(() => checkpoint.ReadScalar(Missing)).Expected.ShouldBe("shape []");
        Should.Throw<WeightMismatchException>(() => checkpoint.ReadScalar("no.such")).Tensor.ShouldBe("no.such");
    }

    [Theory]
    [InlineData(1, true)] // vectors and scalars in float32
    [InlineData(2, false)]
    public void Matrices_alone_decide_whether_a_checkpoint_is_of_bf16(int mostDimensions, bool expected)
    {
        WriteSingle(tensor => tensor.Shape.Length <= mostDimensions ? tensor with { Dtype = TensorDtype.F32 } : tensor);

        using var checkpoint = Open();
        checkpoint.HasBFloat16Matrices.ShouldBe(expected);
    }

    private Checkpoint Open() => Checkpoint.Open(_folder.Path);

    private static IReadOnlyList<TensorSource> TinyWeights() =>
        SyntheticCheckpoint.WeightsOf(ModelConfig.Load(GoldenFiles.Tiny), SyntheticWeights.DefaultEndBias);

    private void WriteSingle(Func<TensorSource, TensorSource?> change, params TensorSource[] more)
    {
        File.Copy(Path.Combine(GoldenFiles.Tiny, "config.json"), _folder.PathOf("config.json"), overwrite: true);
        SafetensorsWriter.Write(
            _folder.PathOf("model.safetensors"),
            [.. TinyWeights().Select(change).OfType<TensorSource>(), .. more],
            cancellationToken: TestContext.Current.CancellationToken
        );
    }

    // The golden checkpoint's tensors, dealt to three files.
    private Dictionary<string, string> WriteShards()
    {
        foreach (var name in new[] { "config.json", "preprocessor_config.json" })
        {
            File.Copy(Path.Combine(GoldenFiles.Tiny, name), _folder.PathOf(name));
        }

        using var file = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, "model.safetensors"));
        var shardOf = new Dictionary<string, string>();
        string[] shards = ["a.safetensors", "b.safetensors", "c.safetensors"];
        foreach (var (index, name) in file.Tensors.Keys.Index())
        {
            shardOf[name] = shards[index % shards.Length];
        }

        foreach (var group in shardOf.GroupBy(pair => pair.Value, pair => pair.Key))
        {
            SafetensorsWriter.Write(
                _folder.PathOf(group.Key),
                [.. group.Select(name => AsFloat32(file, name))],
                cancellationToken: TestContext.Current.CancellationToken
            );
        }

        WriteIndex(shardOf);
        return shardOf;
    }

    private static TensorSource AsFloat32(SafetensorsFile file, string name)
    {
        var elements = file.ReadFloat32(name);
        return new TensorSource(
            name,
            TensorDtype.F32,
            file.Tensors[name].Shape,
            (first, destination) =>
                System
                    .Runtime.InteropServices.MemoryMarshal.AsBytes(elements.AsSpan((int)first))[..destination.Length]
                    .CopyTo(destination)
        );
    }

    private void WriteIndex(Dictionary<string, string> shardOf)
    {
        var map = new JsonObject(shardOf.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        _folder.Write("model.safetensors.index.json", new JsonObject { ["weight_map"] = map }.ToJsonString());
    }
}
