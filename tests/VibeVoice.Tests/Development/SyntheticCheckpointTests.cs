using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Checkpoints;
using VibeVoice.Development;
using VibeVoice.Text;

namespace VibeVoice.Tests.Development;

public sealed class SyntheticCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Category", "Reference")]
    public void It_writes_the_weights_of_the_golden_tiny_checkpoint_to_the_bit()
    {
        SyntheticCheckpoint.Write(
            Path.Combine(GoldenFiles.Tiny, "config.json"),
            _folder.Path,
            cancellationToken: Cancellation
        );

        using var written = SafetensorsFile.Open(_folder.PathOf("model.safetensors"));
        using var golden = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, "model.safetensors"));
        var different = written.Tensors.Keys.Where(name =>
            !written.ReadFloat32(name).AsSpan().SequenceEqual(golden.ReadFloat32(name))
        );

        // Tuned by hand, so that a recorded run ends by itself.
        different.ShouldBe(["tts_eos_classifier.fc2.weight", WeightNames.EndOfSpeechBias]);
    }

    [Fact]
    public void The_folder_is_whole_and_loads()
    {
        SyntheticCheckpoint.Write(
            Path.Combine(GoldenFiles.Tiny, "config.json"),
            _folder.Path,
            endOfSpeechBias: -50,
            cancellationToken: Cancellation
        );

        using var checkpoint = Checkpoint.Open(_folder.Path);
        var voice = VoicePreset.Load(_folder.PathOf("voices", "synthetic.safetensors"), checkpoint.Config);
        var tokens = TextTokenizer.Load(_folder.Path).Encode("Hé 𝐀!\n");

        checkpoint.Read(WeightNames.EndOfSpeechBias, 1).ShouldBe([-50f]);
        checkpoint.Config.SampleRateHz.ShouldBe(24_000);
        voice.Name.ShouldBe("synthetic");
        voice.Speech.Length.ShouldBe(21);
        voice.Text.Length.ShouldBe(9);
        tokens.Select(token => (byte)token).ShouldBe("Hé 𝐀!\n"u8.ToArray());
        Directory
            .GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_folder.Path, path))
            .ShouldBe(
                [
                    "config.json",
                    "model.safetensors",
                    "preprocessor_config.json",
                    "tokenizer.json",
                    Path.Combine("voices", "synthetic.safetensors"),
                ],
                ignoreOrder: true
            );
    }

    [Fact]
    public void Other_sizes_load_too()
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))!.AsObject();
        config["decoder_config"]!["num_attention_heads"] = 6;
        config["decoder_config"]!["num_key_value_heads"] = 3;
        config["decoder_config"]!["head_dim"] = 8;
        config["decoder_config"]!["num_hidden_layers"] = 4;
        config["tts_backbone_num_hidden_layers"] = 1;
        config["diffusion_head_config"]!["head_layers"] = 3;
        config["diffusion_head_config"]!["head_ffn_ratio"] = 2.5;
        config["diffusion_head_config"]!["latent_size"] = 5;
        config["acoustic_tokenizer_config"]!["vae_dim"] = 5;
        config["acoustic_tokenizer_config"]!["decoder_ratios"] = new JsonArray(5, 4, 2);
        config["acoustic_tokenizer_config"]!["decoder_depths"] = "1-2-1-3";
        config["acoustic_tokenizer_config"]!["decoder_n_filters"] = 3;
        var path = _folder.Write("other.json", config.ToJsonString());
        var checkpointFolder = _folder.PathOf("checkpoint");

        SyntheticCheckpoint.Write(path, checkpointFolder, cancellationToken: Cancellation);

        using var checkpoint = Checkpoint.Open(checkpointFolder);
        checkpoint.Config.Acoustic.SamplesPerFrame.ShouldBe(40);
        checkpoint.Config.Acoustic.Channels.ShouldBe([24, 12, 6, 3]);
        checkpoint.Config.Diffusion.FfnSize.ShouldBe(160);
        checkpoint.Config.Language.TextLayers.ShouldBe(3);
        checkpoint.Read("model.language_model.layers.2.self_attn.q_proj.weight", 48, 64).Length.ShouldBe(48 * 64);
        checkpoint.Read("model.acoustic_tokenizer.decoder.stages.3.2.gamma", 3).Length.ShouldBe(3);
        var voice = VoicePreset.Load(
            Path.Combine(checkpointFolder, "voices", "synthetic.safetensors"),
            checkpoint.Config
        );
        voice.Text.Keys.ShouldAllBe(keys => keys.Length == 3 * 9 * 8);
    }

    [Fact]
    public void A_vocabulary_without_room_for_bytes_is_refused()
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))!.AsObject();
        config["decoder_config"]!["vocab_size"] = 255;

        Should
            .Throw<ModelFormatException>(() =>
                SyntheticCheckpoint.Write(
                    _folder.Write("small.json", config.ToJsonString()),
                    _folder.PathOf("out"),
                    cancellationToken: Cancellation
                )
            )
            .Message.ShouldContain("vocabulary of 255");
    }

    [Fact]
    public void A_folder_with_anything_else_in_it_is_left_alone()
    {
        _folder.Write("mine.txt", "mine");

        Should.Throw<IOException>(() => Write(_folder.Path)).Message.ShouldContain("is left alone");
        Should.Throw<IOException>(() => Write(_folder.PathOf("mine.txt"))).Message.ShouldContain("is a file");
        Directory.GetFileSystemEntries(_folder.Path).ShouldBe([_folder.PathOf("mine.txt")]);
    }

    [Fact]
    public void An_earlier_synthetic_checkpoint_is_replaced_and_another_one_is_not()
    {
        var folder = _folder.PathOf("checkpoint");
        Write(folder);
        Write(folder, endBias: -50);
        using (var checkpoint = Checkpoint.Open(folder))
        {
            checkpoint.Read(WeightNames.EndOfSpeechBias, 1).ShouldBe([-50f]);
        }

        File.Copy(
            Path.Combine(GoldenFiles.Tiny, "model.safetensors"),
            Path.Combine(folder, "model.safetensors"),
            overwrite: true
        );
        Should.Throw<IOException>(() => Write(folder)).Message.ShouldContain("is left alone");
        Directory.GetFileSystemEntries(_folder.Path).ShouldBe([folder]);
    }

    [Fact]
    public void A_disk_without_the_room_is_told_before_anything_is_written()
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Tiny, "config.json")))!.AsObject();
        config["decoder_config"]!["vocab_size"] = 1 << 24;
        config["decoder_config"]!["intermediate_size"] = 1 << 24;
        config["decoder_config"]!["hidden_size"] = 1 << 20;
        config["diffusion_head_config"]!["hidden_size"] = 1 << 20;
        var path = _folder.Write("huge.json", config.ToJsonString());

        Should
            .Throw<IOException>(() =>
                SyntheticCheckpoint.Write(path, _folder.PathOf("out"), cancellationToken: Cancellation)
            )
            .Message.ShouldMatch("needs [0-9,]+ bytes, but the disk of '.*' has [0-9,]+ free");
        Directory.GetFileSystemEntries(_folder.Path).ShouldBe([path]);
    }

    [Fact]
    public void Who_cancels_is_left_with_nothing()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var shares = new List<double>();
        var progress = new Inline(share =>
        {
            shares.Add(share);
            stop.Cancel();
        });

        Should.Throw<OperationCanceledException>(() =>
            SyntheticCheckpoint.Write(
                Path.Combine(GoldenFiles.Tiny, "config.json"),
                _folder.PathOf("out"),
                progress: progress,
                cancellationToken: stop.Token
            )
        );
        shares.ShouldHaveSingleItem().ShouldBeInRange(0, 1);
        Directory.GetFileSystemEntries(_folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public void A_tensor_is_the_same_in_whatever_pieces_it_is_made()
    {
        var fill = SyntheticWeights.Of("model.tts_input_types.weight", [10, 100], endBias: 0);
        var whole = new byte[2000];
        fill(0, whole);
        var pieces = new byte[2000];
        fill(0, pieces.AsSpan(0, 14));
        fill(7, pieces.AsSpan(14, 1000));
        fill(507, pieces.AsSpan(1014));

        pieces.ShouldBe(whole);
    }

    [Fact]
    [Trait("Category", "Reference")]
    public void Names_and_shapes_are_those_of_the_published_checkpoint()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Full, "checksums.json")));

        var names = WeightNames.Of(FullConfig()).Select(weight => weight.Name);

        names.ShouldBe(golden.RootElement.EnumerateObject().Select(tensor => tensor.Name), ignoreOrder: true);
    }

    [Fact]
    [Trait("Category", "Reference")]
    public void All_full_size_tensors_have_the_recorded_sums()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFiles.Full, "checksums.json")));
        var mistakes = new ConcurrentBag<string>();

        Parallel.ForEach(
            SyntheticCheckpoint.WeightsOf(FullConfig(), endBias: -50), // as the recorded run had it
            tensor =>
            {
                var recorded = golden.RootElement.GetProperty(tensor.Name);
                var expected = recorded.EnumerateArray().Select(value => value.GetDouble()).ToArray();
                var actual = Summarize(tensor);
                // Sums of float64 differ with the order of addition: some 1e-10 of the absolute sum.
                if (
                    Math.Abs(actual.Sum - expected[0]) > 1e-9 * expected[1]
                    || Math.Abs(actual.AbsoluteSum - expected[1]) > 1e-9 * expected[1]
                    || actual.First != (float)expected[2]
                    || actual.Last != (float)expected[3]
                )
                {
                    mistakes.Add($"{tensor.Name}: {actual}, but [{string.Join(", ", expected)}] is recorded");
                }
            }
        );

        mistakes.ShouldBeEmpty();
    }

    private static ModelConfig FullConfig() => ModelConfig.Load(Path.Combine(GoldenFiles.Full, "config.json"), null);

    private static (double Sum, double AbsoluteSum, float First, float Last) Summarize(TensorSource tensor)
    {
        const int chunk = 1 << 20;
        var halves = new ushort[Math.Min(chunk, tensor.ElementCount)];
        var values = new float[halves.Length];
        var (sum, absoluteSum, first, last) = (0d, 0d, 0f, 0f);
        for (var start = 0L; start < tensor.ElementCount; start += chunk)
        {
            var count = (int)Math.Min(chunk, tensor.ElementCount - start);
            var bytes = MemoryMarshal.AsBytes(halves.AsSpan(0, count));
            tensor.Fill(start, bytes);
            TensorConversion.ToSingle(TensorDtype.BF16, bytes, values.AsSpan(0, count));
            first = start == 0 ? values[0] : first;
            last = values[count - 1];
            for (var i = 0; i < count; i++)
            {
                sum += values[i];
                absoluteSum += Math.Abs(values[i]);
            }
        }

        return (sum, absoluteSum, first, last);
    }

    private static void Write(string folder, float endBias = SyntheticCheckpoint.DefaultEndOfSpeechBias) =>
        SyntheticCheckpoint.Write(
            Path.Combine(GoldenFiles.Tiny, "config.json"),
            folder,
            endBias,
            cancellationToken: Cancellation
        );

    private sealed class Inline(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
