using System.Runtime.Versioning;
using Testing.Hub;
using VibeVoice.Server.Diagnosis;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Installation;

namespace VibeVoice.Server.Tests.Diagnosis;

/// <summary>What can be wrong with the machine and the settings, provoked for real.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class MachineCheckTests : CommandTest
{
    private static readonly (string, string) Preview = ("VIBEVOICE_ENGINE", "preview");

    private (string, string) Volume => ("VIBEVOICE_WORKSPACE", PathOf("volume"));

    [Fact]
    public async Task An_ffmpeg_without_an_encoder_is_a_problem_of_tool_and_formats()
    {
        var poor = Script(
            "poor-ffmpeg",
            """
            case "$*" in
              *-encoders*) ffmpeg "$@" | grep -v libopus ;;
              *libopus*) echo "Unknown encoder 'libopus'" >&2; exit 1 ;;
              *) exec ffmpeg "$@" ;;
            esac
            """
        );
        var results = await DoctorStage.RunAsync(
            checks => checks.Where(check => check.Name is "ffmpeg" or "formats"),
            Preview,
            ("FFMPEG_PATH", poor)
        );
        results[0].Result.ShouldBeProblem("lacks the encoders libopus. Install a complete build");
        results[1]
            .Result.ShouldBeProblem("opus cannot be made: 'poor-ffmpeg' failed with exit code 1. It said: Unknown");
        results[1].Result.Message.ShouldNotContain("mp3 cannot");
    }

    [Fact]
    public async Task A_tool_that_is_missing_is_a_problem()
    {
        (await DoctorStage.CheckAsync("ffmpeg", Preview, ("FFMPEG_PATH", "/nowhere/ffmpeg"))).ShouldBeProblem(
            "could not be started: No such file or directory. Install it, or set FFMPEG_PATH to where it is."
        );
        (await DoctorStage.CheckAsync("espeak-ng", Preview, ("ESPEAK_PATH", "/nowhere/espeak"))).ShouldBeProblem(
            "Install it, or set ESPEAK_PATH to where it is."
        );
        (await DoctorStage.CheckAsync("git", Volume, ("GIT_PATH", "/nowhere/git"))).ShouldBeProblem(
            "Install it, or set GIT_PATH to where it is."
        );
    }

    [Fact]
    public async Task A_tool_that_hangs_is_told_and_ended_and_stops_no_start()
    {
        var hanging = Script("hanging", "sleep 600");
        var result = await DoctorStage.CheckAsync(
            "ffmpeg",
            TimeSpan.FromSeconds(0.3),
            Preview,
            ("FFMPEG_PATH", hanging)
        );
        result.State.ShouldBe(CheckState.Note);
        result.Message.ShouldStartWith("It did not come to an end within 0.3 s. ");
        await Encoding.Children.ShouldEndAsync("sleep");
    }

    [Fact]
    public async Task Settings_that_are_wrong_are_one_problem_and_the_others_are_still_looked_at()
    {
        var results = await DoctorStage.RunAsync(
            checks => checks.Where(check => check.Name is "settings" or "bucket" or "clock" or "memory"),
            Preview,
            ("RETENTION_DAYS", "0"),
            ("ENDPOINT_TYPE", "pod"),
            ("BUCKET_NAME", "audio"),
            ("AWS_SECRET_ACCESS_KEY", "open sesame")
        );
        results
            .Select(one => one.Result.State)
            .ShouldBe([CheckState.Problem, CheckState.Ok, CheckState.Skipped, CheckState.Skipped]);
        var words = results[0].Result.Message;
        words.ShouldStartWith("RETENTION_DAYS is '0', but must be a whole number from 1 to 36500. ");
        words.ShouldContain("ENDPOINT_TYPE is 'pod', but must be 'queue' or 'lb'.");
        words.ShouldContain("AWS_ACCESS_KEY_ID is not set; it must be the access key of the bucket.");
        words.ShouldNotContain("sesame");
    }

    [Fact]
    public async Task What_several_checks_stumble_over_is_told_once()
    {
        var results = await DoctorStage.RunAsync(
            checks => checks.Where(check => check.Name is "disk" or "model" or "voices"),
            Volume,
            ("MODEL_PATH", "nowhere")
        );
        results[0].Result.ShouldBeProblem("MODEL_PATH is 'nowhere', which is no folder with a checkpoint");
        results.Skip(1).ShouldAllBe(one => one.Result == CheckResult.Skipped("It waits for 'disk'."));
    }

    [Fact]
    public async Task A_device_that_is_not_to_be_had_is_a_problem_and_one_that_is_chosen_is_told()
    {
        var cuda = await DoctorStage.CheckAsync("device", Volume, ("MODEL_DEVICE", "cuda"));
        cuda.ShouldBeProblem("MODEL_DEVICE is 'cuda'. This build of the program computes on the CPU only");
        var auto = await DoctorStage.CheckAsync("device", Volume, ("MODEL_DEVICE", "auto"));
        auto.State.ShouldBe(CheckState.Ok);
        auto.Message.ShouldStartWith("The CPU was chosen, since CUDA cannot be used.");
        (await DoctorStage.CheckAsync("settings", ("MODEL_DEVICE", "tpu"))).ShouldBeProblem(
            "MODEL_DEVICE is 'tpu', but must be 'cpu' or 'cuda' or 'auto'."
        );
    }

    [Fact]
    public async Task A_checkpoint_that_lacks_a_file_and_a_voice_that_does_not_exist_are_problems()
    {
        Directory.CreateDirectory(PathOf("half"));
        foreach (var name in new[] { "config.json", "preprocessor_config.json" })
        {
            File.Copy(Path.Combine(TinyModel.Folder, name), PathOf($"half/{name}"));
        }

        (await DoctorStage.CheckAsync("model", Volume, ("MODEL_PATH", PathOf("half")))).ShouldBeProblem(
            "is not whole: model.safetensors missing."
        );
        var whole = ("MODEL_PATH", TinyModel.Folder);
        (await DoctorStage.CheckAsync("model", Volume, whole)).State.ShouldBe(CheckState.Ok);
        (await DoctorStage.CheckAsync("voices", Volume, whole)).Message.ShouldBe(
            "1 of 1 are here; the default is tiny."
        );
        (await DoctorStage.CheckAsync("voices", Volume, whole, ("DEFAULT_VOICE", "nobody"))).ShouldBeProblem(
            "DEFAULT_VOICE is 'nobody', which matches no voice"
        );
    }

    [Fact]
    public async Task Without_the_hub_a_model_that_is_not_cached_is_a_problem()
    {
        var settings = new[] { Volume, ("HF_HUB_OFFLINE", "1"), ("RUNPOD_MODEL_CACHE", PathOf("platform")) };
        (await DoctorStage.CheckAsync("model", settings)).ShouldBeProblem(
            "HF_HUB_OFFLINE forbids to fetch it: unset it"
        );
        (await DoctorStage.CheckAsync("hub", settings)).ShouldBe(
            CheckResult.Skipped("HF_HUB_OFFLINE forbids to ask it.")
        );
        Directory.Exists(PathOf("volume")).ShouldBeFalse("a check writes nothing that stays");
    }

    [Fact]
    public async Task A_disk_that_is_full_too_small_or_read_only_is_a_problem()
    {
        var result = await MountNamespace.RunAsync(
            Here.With("VIBEVOICE_WORKSPACE", "/small").With("VIBEVOICE_ENGINE", "vibevoice"),
            """
            mkdir /small && mount -t tmpfs -o size=1m none /small
            "$VIBEVOICE" doctor --quick | grep '^problem'; echo "small ${PIPESTATUS[0]}"
            cat /dev/zero > /small/others 2> /dev/null
            "$VIBEVOICE" doctor --quick | grep '^problem'
            rm /small/others; mount -o remount,ro /small
            "$VIBEVOICE" doctor --quick | grep '^problem'
            mount -o remount,rw,nr_inodes=1 /small
            "$VIBEVOICE" doctor --quick --engine preview | grep '^problem'
            ls -A /small
            """
        );
        var lines = result.Text.TrimEnd().Split('\n');
        lines[0]
            .ShouldContain("0 GB are free, but 'microsoft/VibeVoice-Realtime-0.5B' needs 2.04 GB more. Make room, or");
        lines[1].ShouldBe("small 1");
        lines[2].ShouldContain("'/small' cannot be written: No space left on device");
        lines[3].ShouldContain("'/small' cannot be written: Read-only file system");
        lines[4].ShouldContain("'/small' cannot be written: No space left on device"); // no inode
        lines.Length.ShouldBe(5);
    }

    [Fact]
    public async Task Outside_RunPod_its_variables_are_a_note_and_there_half_of_them_a_problem()
    {
        (await DoctorStage.CheckAsync("endpoint")).State.ShouldBe(CheckState.Note);
        var half = await DoctorStage.CheckAsync("endpoint", ("RUNPOD_WEBHOOK_GET_JOB", "http://127.0.0.1/take"));
        half.ShouldBeProblem("RUNPOD_WEBHOOK_POST_OUTPUT");
        var balancer = await DoctorStage.CheckAsync("endpoint", ("ENDPOINT_TYPE", "LB"));
        (balancer.State, balancer.Message).ShouldBe((CheckState.Ok, "A load balancer, on port 80."));
    }
}
