using System.Diagnostics;
using System.Runtime.Versioning;
using Testing.Hub;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>An installation that is killed, at whatever point and however often, leaves nothing that the next does not mend.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class InstallKillTests(ITestOutputHelper output) : CommandTest
{
    [Fact]
    public Task Six_kills_are_recovered_from() => KillAsync(kills: 6, rounds: 1);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Sixty_kills_in_five_volumes_are_recovered_from() => KillAsync(kills: 12, rounds: 5);

    private async Task KillAsync(int kills, int rounds)
    {
        var random = new Random();
        await using var stage = await ModelStage.StartAsync(Here);
        // Slow enough that the killings fall into the fetching, too.
        stage.Hub.On(request => request.IsStore, new HubFault { BytesPerSecond = 1_200_000 });
        var took = await MeasureAsync(stage);
        for (var round = 0; round < rounds; round++)
        {
            Clear();
            for (var kill = 0; kill < kills; kill++)
            {
                await using var run = CommandRun.Start(CommandRun.Program, ["install"], stage.Options);
                var after = took * random.NextDouble();
                await Task.Delay(after);
                await run.KillAllAsync();
                output.WriteLine($"Killed after {after.TotalMilliseconds:F0} ms; marker: {File.Exists(stage.Marker)}.");
                if (File.Exists(stage.Marker))
                {
                    await stage.ShouldSpeakAsync();
                    Clear();
                }
            }

            var last = await stage.InstallAsync();
            last.ExitCode.ShouldBe(0, last.Errors);
            stage.Remains().ShouldBeEmpty();
            await stage.ShouldSpeakAsync();
        }
    }

    private static async Task<TimeSpan> MeasureAsync(ModelStage stage)
    {
        var clock = Stopwatch.StartNew();
        var result = await stage.InstallAsync();
        result.ExitCode.ShouldBe(0, result.Errors);
        return clock.Elapsed;
    }

    private void Clear() => Directory.Delete(PathOf("volume"), recursive: true);
}
