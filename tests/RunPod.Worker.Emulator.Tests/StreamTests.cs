using System.Diagnostics;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>Streams as clients read them.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Each_read_hands_out_what_nobody_has_yet()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        (await stage.GetAsync($"stream/{id}")).Json.GetRawText().ShouldBe("""{"status":"IN_QUEUE","stream":[]}""");
        await worker.TakeAsync();
        await worker.PostPieceAsync(id, """{"output": "a"}""");
        await worker.PostPieceAsync(id, """{"output": {"n": 2}}""");

        (await ReadAsync()).ShouldBe("""{"status":"IN_PROGRESS","stream":[{"output":"a"},{"output":{"n": 2}}]}""");
        (await ReadAsync()).ShouldBe("""{"status":"IN_PROGRESS","stream":[]}""");
        await worker.PostPieceAsync(id, """{"output": 3}""");
        await worker.PostPieceAsync(id, """{"output": 4}""");
        await worker.PostAsync(id, """{"output": []}""");
        (await ReadAsync()).ShouldBe("""{"status":"COMPLETED","stream":[{"output":3},{"output":4}]}""");
        (await ReadAsync()).ShouldBe("""{"status":"COMPLETED","stream":[]}""");

        async Task<string> ReadAsync() => (await stage.GetAsync($"stream/{id}")).Json.GetRawText();
    }

    [Fact]
    public async Task An_empty_read_is_held_until_a_piece_or_the_end_comes()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(20) });
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        await worker.TakeAsync();

        var reading = stage.GetAsync($"stream/{id}");
        await Task.Delay(100, TestContext.Current.CancellationToken);
        reading.IsCompleted.ShouldBeFalse();
        await worker.PostPieceAsync(id, """{"output": 1}""");
        (await reading).Json.GetProperty("stream").GetArrayLength().ShouldBe(1);

        reading = stage.GetAsync($"stream/{id}");
        await worker.PostAsync(id, """{"error": "no"}""");
        (await reading).Json.GetRawText().ShouldBe("""{"status":"FAILED","stream":[]}""");
    }

    [Fact]
    public async Task A_client_says_how_long_it_waits()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(20) });
        var id = await stage.RunAsync();
        var watch = Stopwatch.StartNew();

        (await stage.GetAsync($"stream/{id}?wait=1000")).State.ShouldBe("IN_QUEUE");

        watch.Elapsed.ShouldBeInRange(TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(6));
    }

    [Fact]
    public async Task A_reader_that_leaves_takes_nothing_with_it()
    {
        await using var stage = await EmulatorStage.StartAsync(o => o with { PollHold = TimeSpan.FromSeconds(20) });
        var worker = stage.Worker();
        var id = await stage.RunAsync();
        await worker.TakeAsync();
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(150));
        await Should.ThrowAsync<OperationCanceledException>(() =>
            stage.Http.GetAsync(stage.Url($"stream/{id}"), leaving.Token)
        );
        await Task.Delay(100, TestContext.Current.CancellationToken);

        await worker.PostPieceAsync(id, """{"output": 1}""");

        (await stage.GetAsync($"stream/{id}")).Json.GetProperty("stream").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_piece_has_one_mebibyte_at_most()
    {
        await using var stage = await EmulatorStage.StartAsync();
        var id = await stage.RunAsync();
        await stage.Worker().TakeAsync();
        var text = new string('x', (1 << 20) - """{"output":""}""".Length);

        (await stage.Worker().PostPieceAsync(id, $$"""{"output":"{{text}}x"}""")).ShouldBe(400);
        (await stage.Worker().PostPieceAsync(id, $$"""{"output":"{{text}}"}""")).ShouldBe(200);
        (await stage.Worker().PostPieceAsync(id, """{"error": "x"}""")).ShouldBe(400);

        var stream = (await stage.GetAsync($"stream/{id}")).Json.GetProperty("stream");
        stream[0].GetProperty("output").GetString()!.Length.ShouldBe(text.Length);
        stream.GetArrayLength().ShouldBe(1);
    }
}
