using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;
using Testing;
using Testing.RunPod;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>Bootstrap and inference, simulated here with the real script, the real program and a workspace of its own.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class BootstrapTests : CommandTest
{
    private const string Job = """{"input": {"text": "Hello there."}}""";

    private static readonly string[] TestInput = ["--test_input", Job];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string BootstrapScript => Repository.PathOf("runpod_bootstrap.sh");

    private RunOptions Options =>
        Here.With("VIBEVOICE_WORKSPACE", PathOf("volume")).With("VIBEVOICE_PROGRAM", CommandRun.Program);

    private string Marker => PathOf("volume/VibeVoice/.setup_complete");

    [Fact]
    public async Task The_first_run_installs_and_speaks_and_the_second_only_speaks()
    {
        var first = await RunAsync(Options, TestInput);
        ShouldHaveSpoken(first);
        first.Errors.ShouldContain($"bootstrap: workspace {PathOf("volume")}\nbootstrap: first run: installing\n");
        first.Errors.ShouldContain("Installed version ");
        File.SetLastWriteTimeUtc(Marker, DateTime.UnixEpoch);

        var begun = TimeProvider.System.GetTimestamp();
        var second = await RunAsync(Options, TestInput);
        var elapsed = TimeProvider.System.GetElapsedTime(begun);

        ShouldHaveSpoken(second);
        second.Errors.ShouldNotContain("first run");
        second.Errors.ShouldContain("Installed already: version ");
        File.GetLastWriteTimeUtc(Marker).ShouldBe(DateTime.UnixEpoch);
        elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_warm_start_is_at_the_worker_within_a_second()
    {
        (await CommandRun.VibeVoiceAsync(Options, "install")).ExitCode.ShouldBe(0);
        // All that comes before the worker, and nothing of the worker.
        var until = Script("until-worker", $"[ \"$1\" = worker ] && exit 0\nexec '{CommandRun.Program}' \"$@\"");

        var begun = TimeProvider.System.GetTimestamp();
        var result = await RunAsync(Options.With("VIBEVOICE_PROGRAM", until));

        TimeProvider.System.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(1));
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldContain("Installed already: version ");
    }

    [Fact]
    public async Task A_kind_of_endpoint_that_cannot_be_served_is_told_before_anything_is_made()
    {
        var result = await RunAsync(Options.With("ENDPOINT_TYPE", "pod"), TestInput);
        (result.ExitCode, result.Text).ShouldBe((1, ""));
        result.Errors.ShouldStartWith("bootstrap: ENDPOINT_TYPE is 'pod', but must be 'queue' or 'lb'.\n");
        FilesBut().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Queue", "worker")]
    [InlineData(" ", "worker")]
    [InlineData("lb", "serve")]
    public async Task The_kind_of_endpoint_chooses_what_takes_the_scripts_place(string kind, string command)
    {
        var echo = Script("echo-program", "[ \"$1\" = workspace ] && exec echo /volume\nexec echo \"$@\"");
        var result = await RunAsync(Options.With("VIBEVOICE_PROGRAM", echo).With("ENDPOINT_TYPE", kind), "--flag");
        (result.ExitCode, result.Text).ShouldBe((0, $"install\n{command} --flag\n"), result.Errors);
    }

    [Fact]
    public async Task The_job_may_lie_in_the_work_directory()
    {
        await File.WriteAllTextAsync(PathOf("test_input.json"), Job, Token);
        var result = await RunAsync(Options);
        ShouldHaveSpoken(result);
        result.Errors.ShouldContain("Spoke 12 characters");
    }

    [Fact]
    public async Task Beside_the_published_program_the_script_finds_it_and_the_job()
    {
        var script = Path.Combine(Path.GetDirectoryName(CommandRun.Program)!, "runpod_bootstrap.sh");
        var options = Here.With("VIBEVOICE_WORKSPACE", PathOf("volume"));
        ShouldHaveSpoken(await CommandRun.RunAsync(script, [], options));
    }

    [Fact]
    public async Task A_job_that_fails_is_the_scripts_failure()
    {
        var result = await RunAsync(Options, "--test_input", """{"input": {"text": ""}}""");
        result.ExitCode.ShouldBe(1);
        result.Text.ShouldContain("'text' is empty");
    }

    [Fact]
    public async Task Two_at_once_on_one_volume_install_once_and_both_speak()
    {
        var slow = Script("slow-ffmpeg", "[ \"$3\" = -version ] && sleep 1\nexec ffmpeg \"$@\"");
        var options = Options.With("FFMPEG_PATH", slow);

        var both = await Task.WhenAll(RunAsync(options, TestInput), RunAsync(options, TestInput));

        both.ShouldAllBe(result => result.ExitCode == 0);
        var errors = both.Select(result => result.Errors).ToList();
        errors.Count(text => text.Contains("Installed version ", StringComparison.Ordinal)).ShouldBe(1);
        errors.Count(text => text.Contains("Another worker is installing", StringComparison.Ordinal)).ShouldBe(1);
        errors.Count(text => text.Contains("Installed already", StringComparison.Ordinal)).ShouldBe(1);
        Array.ForEach(both, ShouldHaveSpoken);
        Directory.GetFiles(PathOf("volume/VibeVoice")).ShouldBe([Marker]);
    }

    [Fact]
    public async Task A_machine_that_dies_in_the_middle_leaves_no_marker_and_the_next_start_recovers()
    {
        var never = Options.With(
            "FFMPEG_PATH",
            Script("never", $"[ -e '{PathOf("volume/VibeVoice/.setup_lock")}' ] && sleep 600\nexec ffmpeg \"$@\"")
        );
        await using (var run = CommandRun.Start(BootstrapScript, TestInput, never))
        {
            await run.UntilAsync(() => run.HasChild("sleep"), "the middle of the installation");
            await run.KillAllAsync();
        }

        File.Exists(Marker).ShouldBeFalse();
        Directory.GetFiles(PathOf("volume/VibeVoice")).Length.ShouldBe(1); // the dead one's lock

        var next = await RunAsync(Options, TestInput); // takes it over once it is surely dead
        ShouldHaveSpoken(next);
        next.Errors.ShouldContain("Installed version ");
        Directory.GetFiles(PathOf("volume/VibeVoice")).ShouldBe([Marker]);
    }

    [Fact]
    public async Task A_tool_that_is_missing_stops_the_start()
    {
        var result = await RunAsync(Options.With("FFMPEG_PATH", "/nowhere/ffmpeg"), TestInput);
        (result.ExitCode, result.Text).ShouldBe((1, ""));
        result.Errors.ShouldContain("Install it, or set FFMPEG_PATH to where it is.");
        Directory.Exists(PathOf("volume")).ShouldBeFalse("it is known before anything is made");
    }

    [Theory]
    [InlineData("/nowhere/vibevoice", "VIBEVOICE_PROGRAM is '/nowhere/vibevoice', which is not a program.")]
    [InlineData(
        null,
        "the program 'vibevoice' is not beside this script, in artifacts/publish/vibevoice or on the PATH;"
    )]
    public async Task A_program_that_is_not_there_is_told(string? program, string message)
    {
        File.Copy(BootstrapScript, PathOf("runpod_bootstrap.sh"));
        var options = Here.With("PATH", "/usr/bin:/bin").With("VIBEVOICE_PROGRAM", program ?? "");
        var result = await CommandRun.RunAsync(PathOf("runpod_bootstrap.sh"), [], options);
        (result.ExitCode, result.Text).ShouldBe((1, ""));
        result.Errors.ShouldStartWith($"bootstrap: {message}");
    }

    [Fact]
    public async Task The_worker_takes_the_scripts_place_and_finishes_its_job_when_it_is_stopped()
    {
        await using var platform = await FakeRunPod.StartAsync();
        var options = Options.With("ESPEAK_PATH", Script("slow", "sleep 1\nexec espeak-ng \"$@\""));
        foreach (var (name, value) in platform.Environment())
        {
            options = value is null ? options : options.With(name, value);
        }

        await using var run = CommandRun.Start(BootstrapScript, [], options);
        await run.UntilAsync(() => platform.RequestsTo(RunPodRoute.Take).Count > 0, "the first take");
        (await File.ReadAllTextAsync($"/proc/{run.Id}/comm", Token)).Trim().ShouldBe("vibevoice");

        platform.Enqueue("job-1", """{"text": "Hello there."}""");
        await run.UntilAsync(() => run.HasChild("sleep"), "the middle of the job");
        run.Signal(PosixSignal.SIGTERM);

        var answer = await platform.ResultOf("job-1");
        answer.GetProperty("output").GetProperty("metadata").GetProperty("format").GetString().ShouldBe("mp3");
        (await run.ExitAsync()).ExitCode.ShouldBe(0);
        platform.ResultsOf("job-1").Count.ShouldBe(1);
        run.Children.ShouldBeEmpty();
    }

    private static Task<CommandResult> RunAsync(RunOptions options, params string[] arguments) =>
        CommandRun.RunAsync(BootstrapScript, arguments, options);

    private static void ShouldHaveSpoken(CommandResult result)
    {
        result.ExitCode.ShouldBe(0, result.Errors);
        using var answer = JsonDocument.Parse(result.Output); // and nothing else on standard output
        var output = answer.RootElement.GetProperty("output");
        output.GetProperty("audio_base64").GetBytesFromBase64().Length.ShouldBeGreaterThan(5_000);
        output.GetProperty("metadata").GetProperty("engine").GetString().ShouldBe("preview");
    }
}
