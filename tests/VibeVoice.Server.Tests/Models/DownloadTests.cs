using System.Globalization;
using Testing.Hub;
using VibeVoice.Server.Models;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Models;

/// <summary>Whatever a network does, a blob is whole and right, or it has not its name.</summary>
public sealed class DownloadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_file_comes_in_ranges_at_once_and_in_its_order()
    {
        await using var stage = await HubStage.StartAsync();
        var weights = Noise(40_000_000);
        stage.Hub.Add("large/model", With(weights));

        var snapshot = await stage.EnsureAsync(id: new HubId("large", "model", "main"));

        await ShouldHoldAsync(Path.Combine(snapshot, "model.safetensors"), weights);
        stage
            .Hub.Requests.Where(request => request.IsStore)
            .Select(request => request.Range)
            .Order(StringComparer.Ordinal)
            .ShouldBe(Ranges(0, weights.Length).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    [InlineData(1_776_715)]
    public async Task A_connection_that_breaks_is_gone_on_from(int bytes)
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(request => request.IsStore, new HubFault { CutsAfterBytes = bytes }, times: 2);

        await ShouldBeWholeAsync(stage);

        // What was on its way when the connection broke may or may not have come: no more is asked for than is missing.
        var starts = stage.Hub.Requests.Where(request => request.IsStore).Select(StartOf).ToList();
        starts[0].ShouldBe(0);
        starts.Count.ShouldBeInRange(2, 3);
        foreach (var (before, after) in starts.Zip(starts.Skip(1)))
        {
            after.ShouldBeInRange(before, before + bytes);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    [InlineData(1_776_716)]
    public async Task A_process_that_died_left_a_beginning_and_the_next_fetches_the_rest(int bytes)
    {
        await using var stage = await HubStage.StartAsync();
        await LeaveAsync(stage, TinyModel.Weights[..bytes]);

        await ShouldBeWholeAsync(stage);

        stage
            .Hub.Requests.Where(request => request.IsStore)
            .Select(request => request.Range)
            .ShouldBe(Ranges(bytes, TinyModel.Weights.Length));
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(1_776_716)]
    [InlineData(1_800_000)]
    public async Task A_bad_beginning_is_found_out_and_thrown_away(int bytes)
    {
        await using var stage = await HubStage.StartAsync();
        await LeaveAsync(stage, new byte[bytes]);

        await ShouldBeWholeAsync(stage);
    }

    [Fact]
    public async Task A_server_without_ranges_still_gives_the_rest()
    {
        await using var stage = await HubStage.StartAsync();
        await LeaveAsync(stage, TinyModel.Weights[..1_000_000]);
        stage.Hub.On(request => request.IsStore, new HubFault { IgnoresRange = true });

        await ShouldBeWholeAsync(stage);
    }

    [Fact]
    public async Task A_server_without_ranges_that_breaks_gives_all_of_a_large_file()
    {
        await using var stage = await HubStage.StartAsync();
        var weights = Noise(40_000_000);
        stage.Hub.Add("large/model", With(weights));
        stage.Hub.On(
            request => request.IsStore,
            new HubFault { IgnoresRange = true, CutsAfterBytes = 20_000_000 },
            times: 9
        );
        stage.Hub.On(request => request.IsStore, new HubFault { IgnoresRange = true });

        var snapshot = await stage.EnsureAsync(id: new HubId("large", "model", "main"));

        await ShouldHoldAsync(Path.Combine(snapshot, "model.safetensors"), weights);
    }

    [Fact]
    public async Task An_address_that_expired_is_asked_for_anew()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(
            request => request.IsStore,
            new HubFault { CutsAfterBytes = 500_000, BytesPerSecond = 2_000_000 },
            times: 1
        );

        var ensuring = stage.EnsureAsync();
        while (!ensuring.IsCompleted && !stage.Hub.Requests.Any(request => request.IsStore))
        {
            await Task.Delay(5, Token);
        }

        stage.Hub.ExpireAddresses();
        await ensuring;

        await ShouldHoldAsync(stage.WeightBlob, TinyModel.Weights);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_hub_that_wants_to_be_left_alone_is(int status)
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(request => !request.IsStore, new HubFault { Status = status, RetryAfter = "1" }, times: 1);
        stage.Hub.On(request => request.IsStore, new HubFault { Status = status, RetryAfter = "1" }, times: 1);
        var begun = TimeProvider.System.GetTimestamp();

        await ShouldBeWholeAsync(stage);

        TimeProvider.System.GetElapsedTime(begun).ShouldBeGreaterThan(TimeSpan.FromSeconds(1.9));
    }

    [Fact]
    public async Task A_wrong_checksum_is_told_and_leaves_nothing()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(request => request.IsStore, new HubFault { Corrupts = true });

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => stage.EnsureAsync());

        failure.Message.ShouldStartWith("'model.safetensors' came with the checksum ");
        failure.Message.ShouldContain($"but the hub promised {FakeHub.Sha256(TinyModel.Weights)}");
        File.Exists(stage.WeightBlob).ShouldBeFalse();
        stage.Remains().ShouldBeEmpty();
        stage.Store().Find(HubStage.Id, HubFileSet.Checkpoint).ShouldBeNull();
    }

    [Fact]
    public async Task One_that_is_right_the_second_time_is_taken()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(request => request.IsStore, new HubFault { Corrupts = true }, times: 1);
        await ShouldBeWholeAsync(stage);
    }

    [Fact]
    public async Task A_blob_that_a_disk_spoilt_is_found_by_an_installation_and_fetched_again()
    {
        await using var stage = await HubStage.StartAsync();
        await stage.EnsureAsync();
        var spoilt = TinyModel.Weights.ToArray();
        spoilt[^1] ^= 1;
        await File.WriteAllBytesAsync(stage.WeightBlob, spoilt, Token);

        await stage.EnsureAsync(InstallCare.Verify);

        await ShouldHoldAsync(stage.WeightBlob, TinyModel.Weights);
        stage
            .Logger.Collector.GetSnapshot()
            .ShouldContain(record => record.Message.Contains("model.safetensors' is damaged"));
    }

    [Fact]
    public async Task Stopping_it_leaves_a_beginning_and_no_lock()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(request => request.IsStore, new HubFault { BytesPerSecond = 1_000_000 });
        using var stop = new CancellationTokenSource();
        var ensuring = stage.Store().EnsureAsync(HubStage.Id, HubFileSet.Checkpoint, InstallCare.Trust, stop.Token);
        var part = new FileInfo($"{stage.WeightBlob}.incomplete");
        for (; !ensuring.IsCompleted && !(part.Exists && part.Length > 0); part.Refresh())
        {
            await Task.Delay(5, Token);
        }

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => ensuring);

        stage.Remains().ShouldBe([$"{stage.WeightBlob}.incomplete"]);
        var left = new FileInfo(stage.Remains()[0]).Length;
        await ShouldHoldAsync(stage.Remains()[0], TinyModel.Weights[..(int)left]);
        stage.Hub.Heal();
        await ShouldBeWholeAsync(stage);
    }

    private static async Task ShouldBeWholeAsync(HubStage stage)
    {
        await stage.EnsureAsync();
        await ShouldHoldAsync(stage.WeightBlob, TinyModel.Weights);
        stage.Remains().ShouldBeEmpty();
    }

    // Of millions of bytes, one by one, an assertion would take seconds.
    private static async Task ShouldHoldAsync(string file, byte[] content) =>
        (await File.ReadAllBytesAsync(file, Token)).AsSpan().SequenceEqual(content).ShouldBeTrue();

    private static async Task LeaveAsync(HubStage stage, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(stage.WeightBlob)!);
        await File.WriteAllBytesAsync($"{stage.WeightBlob}.incomplete", content, Token);
    }

    private static long StartOf(HubRequest request) =>
        long.Parse(request.Range["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture);

    private static IEnumerable<string> Ranges(int start, int end)
    {
        const int size = 8 * 1024 * 1024;
        for (; start < end; start += size)
        {
            yield return $"bytes={start}-{Math.Min(start + size, end) - 1}";
        }
    }

    private static byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private static Dictionary<string, byte[]> With(byte[] weights) =>
        new(TinyModel.ModelFiles, StringComparer.Ordinal) { ["model.safetensors"] = weights };
}
