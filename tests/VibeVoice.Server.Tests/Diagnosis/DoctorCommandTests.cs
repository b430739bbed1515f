using System.Runtime.Versioning;
using System.Text.Json;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Delivery;
using VibeVoice.Server.Tests.Installation;

namespace VibeVoice.Server.Tests.Diagnosis;

/// <summary><c>vibevoice doctor</c> as scripts and people run it.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class DoctorCommandTests(S3ServerFixture fixture) : CommandTest, IClassFixture<S3ServerFixture>
{
    private static readonly string[] Names =
    [
        "settings",
        "ffmpeg",
        "formats",
        "espeak-ng",
        "git",
        "memory",
        "disk",
        "device",
        "model",
        "compiled",
        "checksums",
        "voices",
        "hub",
        "repository",
        "bucket",
        "clock",
        "endpoint",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_all_is_well_it_says_so_line_by_line_and_exits_with_0()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var server = await fixture.GetAsync(Token);
        var options = BucketFiles.Settings(stage.Options, server.Url, S3Stage.TargetAt(server.Url).Prefix);

        var empty = await CommandRun.VibeVoiceAsync(options, "doctor");

        (empty.ExitCode, empty.Errors).ShouldBe((0, ""), empty.Text);
        Parts(empty.Text, 9, 12).ShouldBe(Names);
        empty.Text.ShouldContain("\nok       hub         127.0.0.1 gives 'tiny/VibeVoice-Tiny' at commit ");
        empty.Text.ShouldContain("\nok       repository  ");
        empty.Text.ShouldContain("\nok       bucket      A probe was written, read and deleted");
        empty.Text.ShouldContain("\nok       clock       ");
        empty.Text.ShouldContain("\nskipped  espeak-ng   The model speaks");
        Directory.Exists(PathOf("volume")).ShouldBeFalse();

        (await stage.InstallAsync()).ExitCode.ShouldBe(0);
        var installed = await CommandRun.VibeVoiceAsync(options, "doctor");
        installed.ExitCode.ShouldBe(0, installed.Text);
        installed.Text.ShouldContain("\nok       model       tiny/VibeVoice-Tiny@");
        installed.Text.ShouldContain("\nskipped  hub         Nothing is to be fetched from it.\n");
        installed.Text.ShouldContain("\nskipped  git         No voices are to be fetched.\n");
    }

    [Fact]
    public async Task A_problem_is_told_to_programs_and_by_the_exit_code_and_no_secret_is()
    {
        var options = Here.With("VIBEVOICE_WORKSPACE", PathOf("volume"))
            .With("FFMPEG_PATH", "/nowhere/ffmpeg")
            .With("BUCKET_NAME", "audio")
            .With("BUCKET_ENDPOINT_URL", "https://user:password@127.0.0.1")
            .With("AWS_ACCESS_KEY_ID", "the-key")
            .With("AWS_SECRET_ACCESS_KEY", "open sesame");

        var result = await CommandRun.VibeVoiceAsync(options, "doctor", "--quick", "--json");

        (result.ExitCode, result.Errors).ShouldBe((1, ""));
        using var report = JsonDocument.Parse(result.Output);
        report.RootElement.GetProperty("problems").GetInt32().ShouldBe(2);
        var checks = report.RootElement.GetProperty("checks").EnumerateArray().ToList();
        checks
            .Select(check => check.GetProperty("name").GetString())
            .ShouldBe(Names.Except(["formats", "checksums", "hub", "repository", "bucket", "clock"]));
        checks[0]
            .GetProperty("message")
            .GetString()!
            .ShouldContain("BUCKET_ENDPOINT_URL must be an address without user");
        checks[1].GetProperty("state").GetString().ShouldBe("problem");
        checks[1].GetProperty("message").GetString()!.ShouldEndWith("Install it, or set FFMPEG_PATH to where it is.");
        foreach (var secret in new[] { "password", "the-key", "sesame" })
        {
            result.Text.ShouldNotContain(secret);
        }
    }

    /// <summary>A column of the lines.</summary>
    private static IEnumerable<string> Parts(string text, int start, int length) =>
        text.TrimEnd().Split('\n').Select(line => line.Substring(start, length).TrimEnd());
}
