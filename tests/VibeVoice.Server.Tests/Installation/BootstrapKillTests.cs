using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using Testing;
using Testing.Hub;
using Testing.S3;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>
/// A container's whole start, from an empty volume to a spoken job in a bucket, with retention beside it: killed at whatever point
/// and however often, it leaves nothing that the next start does not mend.
/// </summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed partial class BootstrapKillTests(S3ServerFixture fixture, ITestOutputHelper output)
    : CommandTest,
        IClassFixture<S3ServerFixture>
{
    /// <summary>Calls by which files change, and those by which a program meets others.</summary>
    private static readonly string[] Calls =
    [
        "rename,renameat,renameat2",
        "unlink,unlinkat,rmdir",
        "mkdir,mkdirat",
        "symlink,symlinkat",
        "fsync,fdatasync",
        "ftruncate",
        "pwrite64",
        "openat",
        "execve",
        "connect",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Three_kills_are_recovered_from() => KillAsync(kills: 3, rounds: 1);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Sixty_kills_in_five_volumes_are_recovered_from() => KillAsync(kills: 12, rounds: 5);

    /// <summary>Kills exactly before the first, second, fourth … call of each kind, in whichever process makes it.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public async Task A_kill_before_any_call_that_changes_files_is_recovered_from()
    {
        var strace = RequiredTool.Find("strace");
        await using var stage = await StartStageAsync();
        var killed = 0;
        foreach (var calls in Calls)
        {
            for (var number = 1; ; number *= 2)
            {
                var inject = string.Create(CultureInfo.InvariantCulture, $"inject={calls}:signal=KILL:when={number}");
                string[] traced =
                [
                    "-f",
                    "-qq",
                    "-o",
                    "/dev/null",
                    "-e",
                    $"trace={calls}",
                    "-e",
                    inject,
                    BootstrapScript,
                    .. Job,
                ];
                await using var run = CommandRun.Start(strace, traced, stage.Options);
                var exitCode = await run.ExitCodeAsync();
                await run.KillAllAsync(); // its retention
                output.WriteLine($"{inject}: exit code {exitCode}.");
                if (exitCode == 0)
                {
                    break; // nothing makes so many
                }

                killed++;
                await ShouldMendAsync(stage);
                Clear();
            }
        }

        killed.ShouldBeGreaterThan(2 * Calls.Length);
    }

    private static string BootstrapScript => Repository.PathOf("runpod_bootstrap.sh");

    private static string[] Job => ["--test_input", """{"input": {"text": "Hello there."}}"""];

    private async Task KillAsync(int kills, int rounds)
    {
        var random = new Random();
        await using var stage = await StartStageAsync();
        // Slow enough that the killings fall into the fetching, too.
        stage.Hub.On(request => request.IsStore, new HubFault { BytesPerSecond = 3_000_000 });
        var clock = Stopwatch.StartNew();
        await ShouldDeliverAsync(stage);
        var took = clock.Elapsed;
        for (var round = 0; round < rounds; round++)
        {
            Clear();
            for (var kill = 0; kill < kills; kill++)
            {
                await using var run = CommandRun.Start(BootstrapScript, Job, stage.Options);
                var after = took * random.NextDouble();
                await Task.Delay(after, Token);
                await run.KillAllAsync();
                output.WriteLine($"Killed after {after.TotalMilliseconds:F0} ms. {LastOf(run.ErrorsSoFar)}");
                if (run.ErrorsSoFar.Contains("Spoke ", StringComparison.Ordinal) && kill % 2 == 0)
                {
                    // Else most would fall upon a volume that is whole.
                    await ShouldMendAsync(stage);
                    Clear();
                }
            }

            await ShouldMendAsync(stage);
        }
    }

    /// <summary>The law: the next start succeeds, the one after it installs nothing, and nothing is left that nobody knows.</summary>
    private async Task ShouldMendAsync(BootstrapStage stage)
    {
        await ShouldDeliverAsync(stage);
        var warm = await ShouldDeliverAsync(stage);
        warm.Errors.ShouldContain("Installed already: version ");
        warm.Errors.ShouldNotContain("Installed version ");
        stage.Model.Remains().ShouldBeEmpty();
        var files = Directory
            .EnumerateFiles(PathOf("volume"), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(PathOf("volume/VibeVoice"), file))
            .ToList();
        files.Where(file => !KnownFile().IsMatch(file)).ShouldBeEmpty();
        stage.Bucket.OpenUploads.ShouldBeEmpty();
        (await S3Stage.KeysAsync(stage.Target)).Count.ShouldBe(1); // the job's, whose id is always the same
    }

    private static async Task<CommandResult> ShouldDeliverAsync(BootstrapStage stage)
    {
        var result = await CommandRun.RunAsync(BootstrapScript, Job, stage.Options);
        result.ExitCode.ShouldBe(0, result.Errors);
        using var answer = JsonDocument.Parse(result.Output);
        var answered = answer.RootElement.GetProperty("output");
        using var http = new HttpClient();
        var audio = await http.GetByteArrayAsync(answered.GetProperty("audio_url").GetString(), Token);
        audio.Length.ShouldBe(answered.GetProperty("metadata").GetProperty("bytes").GetInt32());
        return result;
    }

    private async Task<BootstrapStage> StartStageAsync()
    {
        var server = await fixture.GetAsync(Token);
        return new BootstrapStage(await ModelStage.StartAsync(Here), await S3Proxy.StartAsync(server.Url, Token));
    }

    private void Clear() => Directory.Delete(PathOf("volume"), recursive: true);

    private static string LastOf(string errors) => errors.TrimEnd().Split('\n')[^1];

    /// <summary>What an installation has on the volume, with Git's own files and half files, which go an hour later.</summary>
    [GeneratedRegex(
        """
            ^(
                [.]setup_complete | [.]retention_stamp
              | cache/hub/models--[^/]+/(refs/main | blobs/[0-9a-f]+ | snapshots/[0-9a-f]+/[a-z_]+[.](json|safetensors))
              | cache/compiled/vibevoice-tiny-int8-[0-9a-f]{16}[.]weights
              | cache/hub/[.]locks/models--[^/]+/[0-9a-f]+[.]lock
              | voices/(voices[.]json | en-(Emma_woman|Carter_man)[.]safetensors)
              | demo/voices/streaming_model/en-(Emma_woman|Carter_man)[.]pt
              | repository[.]git/(?!.*tmp_).*(?<![.]lock)
              | .*[.][0-9a-f]{32}[.](part|tmp)
            )$
            """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex KnownFile();

    private sealed record BootstrapStage(ModelStage Model, S3Proxy Bucket) : IAsyncDisposable
    {
        public VibeVoice.Server.Delivery.S3Target Target { get; } = S3Stage.TargetAt(Bucket.Url);

        public FakeHub Hub => Model.Hub;

        public RunOptions Options => BucketFiles.Settings(Model.Options, Bucket.Url, Target.Prefix);

        public async ValueTask DisposeAsync()
        {
            await Bucket.DisposeAsync();
            await Model.DisposeAsync();
        }
    }
}
