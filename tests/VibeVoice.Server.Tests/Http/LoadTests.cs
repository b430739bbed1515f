using Testing.Http;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>More connections than slots and places in the queue: every one is answered.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class LoadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_200_connections_with_4_slots_each_is_served_or_told_when_to_come_again()
    {
        var engine = new FakeSynthesizer
        {
            Frames = 4,
            BeforeFrame = (index, token) => index == 0 ? Task.Delay(30, token) : Task.CompletedTask,
        };
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { QueueLength = 16 }, slots: 4);
        var url = new Uri(stage.Client.BaseAddress!, "/v1/audio/speech");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var load = await Load.RunAsync(
            url,
            """{"input": "Hello there.", "response_format": "pcm"}""",
            connections: 200,
            requests: 3,
            Token
        );

        load.Lost.ShouldBeEmpty();
        load.Untold.ShouldBeEmpty();
        load.Statuses.Keys.ShouldBe([200, 429], ignoreOrder: true);
        (load.Served + load.Refused).ShouldBe(600);
        load.Served.ShouldBeGreaterThanOrEqualTo(20); // four slots and sixteen places
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(100_000_000);
        var figures = await stage.Client.GetStringAsync("/metrics", Token);
        figures.ShouldContain("vibevoice_active_slots 0\n");
        figures.ShouldContain("vibevoice_queue_length 0\n");
    }
}
