using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using VibeVoice.Checkpoints;
using VibeVoice.Development;

namespace VibeVoice.Tests.Development;

[Trait("Category", "Reference")]
public sealed class RecordedRunTests : IAsyncLifetime
{
    private const string Short = "run-short";
    private readonly TemporaryFolder _folder = new();
    private VibeVoiceModel _model = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _model = await LoadAsync(endBias: null);

    public ValueTask DisposeAsync()
    {
        _model.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("run-long", 36, 33, SpeechEndReason.EndOfSpeech, true)]
    [InlineData("run-short", 30, 29, SpeechEndReason.EndOfSpeech, true)]
    [InlineData("run-limit", 91, 91, SpeechEndReason.PositionLimit, null)]
    public async Task The_recorded_runs_are_equal(
        string name,
        int computed,
        int spoken,
        SpeechEndReason end,
        bool? tokensAreEqual
    )
    {
        var run = RecordedRun.Load(PathOf(name));
        using var model = await LoadAsync(run.EndOfSpeechBias);
        var report = await run.ReplayAsync(model, model.LoadVoice(GoldenFiles.TinyVoice), Cancellation);

        report.Differences.ShouldBeEmpty();
        (report.FramesComputed, report.FramesSpoken, report.EndReason).ShouldBe((computed, spoken, end));
        report.TokensAreEqual.ShouldBe(tokensAreEqual);
        report.Quantities.Select(quantity => quantity.Name).ShouldContain("eos_logit");
        report.Quantities.ShouldAllBe(quantity => quantity.Error > 0 && quantity.Error < 2e-5);
    }

    [Theory]
    [InlineData("lm_hidden", "token")]
    [InlineData("text_hidden", "token")]
    [InlineData("condition", "frame")]
    [InlineData("negative_condition", "frame")]
    [InlineData("latent", "frame")]
    [InlineData("audio", "frame")]
    [InlineData("speech_hidden", "frame")]
    [InlineData("negative_hidden", "frame")]
    [InlineData("eos_logit", "frame")]
    public async Task One_number_that_is_off_is_found_with_its_place(string name, string unit)
    {
        var path = Rewrite(name: name, change: numbers => numbers[^1] += 2e-3f * numbers.Max(Math.Abs));
        var last = unit == "token" ? 1 : 29;

        var report = await ReplayAsync(path);

        report.IsEqual.ShouldBeFalse();
        report
            .Differences.ShouldHaveSingleItem()
            .ShouldMatch($"^{name} is 0.00[0-9]+ of its peak away in {unit} {last}; at most 0.001");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task A_number_that_is_none_is_never_equal(float number) =>
        (await ReplayAsync(Rewrite(name: "latent", change: numbers => numbers[3] = number))).IsEqual.ShouldBeFalse();

    [Theory]
    [InlineData("frames_output", "28", "29 frames were put out, but 28 are recorded.")]
    [InlineData("frames_computed", "31", "30 frames were computed, but 31 are recorded.")]
    [InlineData("reached_limit", "true", null)] // the logits say that speech ended: the recording contradicts itself
    [InlineData("frames_output", null, null)]
    [InlineData("frames_computed", null, null)]
    [InlineData("reached_limit", null, null)]
    public async Task Counts_are_compared_where_they_are_recorded(string key, string? value, string? difference)
    {
        var report = await ReplayAsync(
            Rewrite(describe: golden => golden[key] = value is null ? null : JsonNode.Parse(value))
        );

        report.Differences.ShouldBe(difference is null ? [] : [difference]);
    }

    [Fact]
    public async Task An_end_that_comes_though_the_recorded_run_went_on_is_a_difference()
    {
        var run = RecordedRun.Load(PathOf("run-limit"));
        var report = await run.ReplayAsync(_model, _model.LoadVoice(GoldenFiles.TinyVoice), Cancellation);

        report.Differences.ShouldContain("36 frames were computed, but 91 are recorded.");
        report.Differences.ShouldContain("The run ended for another reason than the recorded one.");
    }

    [Fact]
    public async Task Other_guidance_or_steps_are_another_run()
    {
        (await ReplayAsync(Rewrite(describe: golden => golden["cfg_scale"] = 3.1))).IsEqual.ShouldBeFalse();
        (await ReplayAsync(Rewrite(describe: golden => golden["steps"] = 9))).IsEqual.ShouldBeFalse();
    }

    [Fact]
    public async Task Noise_alone_is_enough_and_what_is_unknown_is_named()
    {
        var report = await ReplayAsync(Rewrite(keep: name => name is "noise", rename: ("condition", "something_else")));

        report.Differences.ShouldBeEmpty();
        report.FramesComputed.ShouldBe(30);
        report.Quantities.ShouldBeEmpty();
        report.TokensAreEqual.ShouldBeNull();
        RecordedRun
            .Load(Rewrite(keep: name => name is "noise" or "condition", rename: ("condition", "something_else")))
            .NotCompared.ShouldBe(["something_else"]);
    }

    [Fact]
    public async Task A_recording_may_stop_in_mid_speech()
    {
        var report = await ReplayAsync(
            Rewrite(
                keep: name => name is "noise" or "latent",
                frames: 8,
                describe: golden =>
                {
                    golden.AsObject().Remove("frames_output");
                    golden["frames_computed"] = 8;
                }
            )
        );

        report.Differences.ShouldBeEmpty();
        (report.FramesComputed, report.EndReason).ShouldBe((8, null));
    }

    [Fact]
    public async Task Other_tokens_are_a_difference_though_the_run_is_given_the_recorded_ones()
    {
        var report = await ReplayAsync(Rewrite(describe: golden => golden["text"] = "Two."));

        report.TokensAreEqual.ShouldBe(false);
        report.Differences.ShouldHaveSingleItem().ShouldStartWith("The tokenizer makes");
    }

    [Fact]
    public async Task Files_that_are_no_recorded_runs_are_refused()
    {
        Should.Throw<ModelFormatException>(() => RecordedRun.Load(_folder.PathOf("nothing")));
        Should.Throw<ModelFormatException>(() => RecordedRun.Load(Path.Combine(GoldenFiles.Tiny, "model.safetensors")));
        Should
            .Throw<WeightMismatchException>(() => RecordedRun.Load(Rewrite(keep: name => name is "latent")))
            .Tensor.ShouldBe("noise");
        Should
            .Throw<ModelFormatException>(() => RecordedRun.Load(Rewrite(describe: golden => golden["text"] = null)))
            .Message.ShouldContain("'text'");
        Should
            .Throw<WeightMismatchException>(() =>
                RecordedRun.Load(Rewrite(describe: golden => golden["frames_computed"] = 0))
            )
            .Expected.ShouldBe("at least one frame");
        await Should.ThrowAsync<ModelFormatException>(() =>
            ReplayAsync(Rewrite(describe: golden => golden["steps"] = 1000))
        );
        var other = Rewrite(name: "latent", shape: [60, 8]);
        (await Should.ThrowAsync<WeightMismatchException>(() => ReplayAsync(other))).Tensor.ShouldBe("latent");
    }

    private static Task<VibeVoiceModel> LoadAsync(float? endBias) =>
        VibeVoiceModel.LoadAsync(
            GoldenFiles.Tiny,
            new ModelOptions
            {
                Threads = 1,
                EndOfSpeechBias = endBias,
                Precision = ModelPrecision.Float32,
            },
            Cancellation
        );

    private Task<ReplayReport> ReplayAsync(string path) =>
        RecordedRun.Load(path).ReplayAsync(_model, _model.LoadVoice(GoldenFiles.TinyVoice), Cancellation);

    private static string PathOf(string name) => Path.Combine(GoldenFiles.Tiny, $"{name}.safetensors");

    /// <summary>The short run with something about it changed.</summary>
    private string Rewrite(
        string? name = null,
        Action<float[]>? change = null,
        long[]? shape = null,
        Func<string, bool>? keep = null,
        (string From, string To)? rename = null,
        int? frames = null,
        Action<JsonNode>? describe = null
    )
    {
        using var file = SafetensorsFile.Open(PathOf(Short));
        var tensors = new List<TensorSource>();
        foreach (var (tensor, info) in file.Tensors.Where(pair => keep?.Invoke(pair.Key) ?? true))
        {
            byte[] bytes;
            if (info.Dtype == TensorDtype.I64)
            {
                bytes = MemoryMarshal.AsBytes(file.ReadInt64(tensor).AsSpan()).ToArray();
            }
            else
            {
                var numbers = file.ReadFloat32(tensor);
                if (tensor == name)
                {
                    change?.Invoke(numbers);
                }

                bytes = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
            }

            long[] own = tensor == name && shape is not null ? shape : info.Shape;
            own = frames is { } count ? [count, .. own[1..]] : own;
            tensors.Add(
                new TensorSource(
                    rename?.From == tensor ? rename.Value.To : tensor,
                    info.Dtype,
                    own,
                    (first, destination) =>
                        bytes.AsSpan((int)first * info.Dtype.Size(), destination.Length).CopyTo(destination)
                )
            );
        }

        var golden = JsonNode.Parse(file.Metadata["golden"])!;
        describe?.Invoke(golden);
        var path = _folder.PathOf($"{Guid.NewGuid():N}.safetensors");
        SafetensorsWriter.Write(
            path,
            tensors,
            new Dictionary<string, string> { ["golden"] = golden.ToJsonString() },
            cancellationToken: Cancellation
        );
        return path;
    }
}
