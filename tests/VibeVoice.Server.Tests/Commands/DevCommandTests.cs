using System.Runtime.Versioning;
using System.Text.Json;
using Testing;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>What whoever works on the engine types, and what scripts read of it.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class DevCommandTests : CommandTest
{
    private static readonly string Tiny = Repository.PathOf("tests", "VibeVoice.Tests", "golden", "tiny");
    private static readonly string Cases = Repository.PathOf("tests", "VibeVoice.Tests", "Text", "random-tiny.json");

    [Fact]
    public async Task A_synthetic_checkpoint_is_written_and_speaks()
    {
        var written = await RunAsync("dev", "synthetic-checkpoint", "--config", Of("config.json"), "--out", "made");
        (written.ExitCode, written.Text).ShouldBe((0, ""));
        written.Errors.ShouldMatch("^Wrote made: [0-9,]+ bytes, voice synthetic.\n$");
        FilesBut().ShouldBe(["made"]);

        var spoken = await RunAsync("speak", "Hello.", "--engine", "vibevoice", "--model", "made", "-o", "a.wav", "-q");
        (spoken.ExitCode, spoken.Errors).ShouldBe((0, ""));
        new FileInfo(PathOf("a.wav")).Length.ShouldBeGreaterThan(6400);
    }

    [Fact]
    public async Task A_folder_of_someone_else_is_not_overwritten()
    {
        Directory.CreateDirectory(PathOf("mine"));
        await File.WriteAllTextAsync(PathOf("mine/notes.txt"), "mine", TestContext.Current.CancellationToken);

        var result = await RunAsync("dev", "synthetic-checkpoint", "--config", Of("config.json"), "--out", "mine");

        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldBe(
            "vibevoice: 'mine' holds something other than a synthetic checkpoint, and is left alone. "
                + "Give a new or an empty folder.\n"
        );
    }

    [Theory]
    [InlineData("run-long", 36, 33, "end_of_speech")]
    [InlineData("run-limit", 91, 91, "position_limit")]
    public async Task A_recorded_run_is_replayed_and_told_as_json(string run, int computed, int output, string end)
    {
        var result = await ReplayAsync(run, "--json");

        (result.ExitCode, result.Errors).ShouldBe((0, ""));
        using var json = JsonDocument.Parse(result.Text);
        var report = json.RootElement;
        report.GetProperty("frames_computed").GetInt32().ShouldBe(computed);
        report.GetProperty("frames_output").GetInt32().ShouldBe(output);
        report.GetProperty("end_reason").GetString().ShouldBe(end);
        report.GetProperty("within_tolerance").GetBoolean().ShouldBeTrue();
        var logit = report.GetProperty("quantities").GetProperty("eos_logit");
        logit.GetProperty("error").GetDouble().ShouldBeInRange(0, 1e-3);
        logit.GetProperty("frame").GetInt32().ShouldBeInRange(0, computed);
    }

    [Fact]
    public async Task A_run_that_is_not_equal_is_told_line_by_line_and_fails()
    {
        var result = await ReplayAsync("run-limit", "--end-bias", "-1.5");

        result.ExitCode.ShouldBe(1);
        result.Text.ShouldContain("frames computed  36 (recorded 91)\n");
        result.Text.ShouldContain("DIFFERENT: 36 frames were computed, but 91 are recorded.\n");
        result.Text.ShouldEndWith("differences.\n");
    }

    [Fact]
    public async Task Wrong_files_and_precisions_are_told_in_a_sentence()
    {
        var precision = await ReplayAsync("run-long", "--precision", "int9");
        precision.ExitCode.ShouldBe(2);
        precision.Errors.ShouldStartWith(
            "vibevoice: '--precision' is 'int9', but must be 'auto', 'float32', 'float16', 'int8' or 'int4', or parts of their own "
                + "behind it, as in 'int8,decoder=int4': text, speech, sampler, decoder.\n"
        );

        var mixture = await ReplayAsync("run-long", "--precision", "int8,decoder=float16");
        (mixture.ExitCode, mixture.Text).ShouldBe((2, ""));
        mixture.Errors.ShouldContain("float16 does not go together with int8 and int4.");

        var noRun = await ReplayAsync("model");
        (noRun.ExitCode, noRun.Text).ShouldBe((2, ""));
        noRun.Errors.ShouldMatch("^vibevoice: '.*model.safetensors' is no recorded run: .*\n$");

        var noModel = await RunAsync([
            "dev",
            "replay",
            Of("run-long.safetensors"),
            "--model",
            Folder,
            "--voice",
            Of("voices/tiny.pt"),
        ]);
        noModel.ExitCode.ShouldBe(2);
        noModel.Errors.TrimEnd().ShouldNotContain('\n');
    }

    [Fact]
    public async Task Another_precision_is_measured_and_named()
    {
        var result = await ReplayAsync("run-long", "--precision", "float16", "--json");

        result.ExitCode.ShouldBe(1); // rounded to 11 bits, a free run drifts
        using var json = JsonDocument.Parse(result.Text);
        json.RootElement.GetProperty("precision").GetString().ShouldBe("float16");
        json.RootElement.GetProperty("device").GetString().ShouldBe("cpu");
        var first = json
            .RootElement.GetProperty("quantities")
            .GetProperty("lm_hidden")
            .GetProperty("error")
            .GetDouble();
        first.ShouldBeInRange(1e-5, 1e-2);
    }

    [Fact]
    public async Task Parts_have_their_own_precision_and_are_named()
    {
        var result = await ReplayAsync("run-long", "--precision", "float32,decoder=int8", "--json");

        result.ExitCode.ShouldBe(1); // the sound is not the recorded one
        using var json = JsonDocument.Parse(result.Text);
        json.RootElement.GetProperty("precision").GetString().ShouldBe("float32,decoder=int8");
        var quantities = json.RootElement.GetProperty("quantities");
        quantities.GetProperty("latent").GetProperty("error").GetDouble().ShouldBeInRange(0, 1e-5);
        quantities.GetProperty("audio").GetProperty("error").GetDouble().ShouldBeInRange(1e-3, 5e-2);
    }

    [Fact]
    public async Task What_a_precision_costs_is_told_part_by_part()
    {
        var told = await RunAsync("dev", "precision", "--model", Tiny, "--part", "decoder", "--frames", "3");
        (told.ExitCode, told.Errors).ShouldBe((0, ""));
        told.Text.ShouldMatch(
            "^decoder: float32,decoder=int8, [0-9.]+ MB of [0-9.]+ MB of weights\n  conditions +equal\n"
        );
        told.Text.ShouldMatch(
            "audio of exact latents +[0-9.]+ dB, worst [0-9.]+ dB in frame [0-2], largest difference "
        );
        told.Text.ShouldEndWith("3 frames, compared with what the same checkpoint makes with exact weights.\n");

        var run = Of("run-long.safetensors");
        var recorded = await RunAsync("dev", "precision", "--model", Tiny, "--recorded", run, "--json");
        recorded.ExitCode.ShouldBe(0);
        using var json = JsonDocument.Parse(recorded.Text);
        json.RootElement.GetProperty("reference").GetString().ShouldBe("recorded");
        json.RootElement.GetProperty("frames").GetInt32().ShouldBe(32);
        var cases = json.RootElement.GetProperty("cases").EnumerateArray().ToArray();
        cases.Length.ShouldBe(12);
        cases
            .Single(measured => measured.GetProperty("precision").GetString() == "int8")
            .GetProperty("errors")[0]
            .GetProperty("decibels")
            .GetDouble()
            .ShouldBeInRange(30, 45);

        var wrong = await RunAsync("dev", "precision", "--model", Tiny, "--part", "encoder");
        wrong.ExitCode.ShouldBe(2);
        wrong.Errors.ShouldStartWith(
            "vibevoice: '--part' is 'encoder', but must be one of language, sampler, decoder, all, mixture.\n"
        );
    }

    [Theory]
    [InlineData("cuda", "on the CPU only")]
    [InlineData("tpu", "MODEL_DEVICE is 'tpu'")]
    public async Task A_device_that_is_not_there_is_told(string device, string problem)
    {
        var result = await ReplayAsync("run-long", "--device", device);

        (result.ExitCode, result.Text).ShouldBe((2, ""));
        result.Errors.ShouldContain(problem);
    }

    [Fact]
    public async Task Token_ids_are_compared()
    {
        var equal = await RunAsync("dev", "tokens", Cases, "--tokenizer", Of("tokenizer.json"), "--json");
        equal.ExitCode.ShouldBe(0);
        using var json = JsonDocument.Parse(equal.Text);
        json.RootElement.GetProperty("equal").GetInt32().ShouldBe(300);

        await File.WriteAllTextAsync(
            PathOf("cases.json"),
            """[{"text": "a\u001b[31m", "ids": [1]}]""",
            TestContext.Current.CancellationToken
        );
        var different = await RunAsync("dev", "tokens", "cases.json", "--tokenizer", Tiny);
        different.ExitCode.ShouldBe(1);
        different.Text.ShouldStartWith("Case 0, 'a�[31m': from token 0 on [");
        different.Text.ShouldEndWith("\n0 of 1 texts have the recorded tokens.\n");

        (await RunAsync("dev", "tokens", "cases.json", "--tokenizer", "nothing")).ExitCode.ShouldBe(2);
    }

    private static string Of(string name) => Path.Combine(Tiny, name);

    private Task<CommandResult> ReplayAsync(string run, params string[] more) =>
        RunAsync([
            "dev",
            "replay",
            Of($"{run}.safetensors"),
            "--model",
            Tiny,
            "--voice",
            Of("voices/tiny.pt"),
            .. more,
        ]);
}
