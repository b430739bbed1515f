using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Testing.RunPod;

namespace RunPod.Worker.Emulator.Tests;

/// <summary>What clients are told when their jobs have ended.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<JsonElement> _received = [];
    private readonly Queue<int> _statuses = new();
    private WebApplication _listener = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _listener = builder.Build();
        _listener.Run(async http =>
        {
            http.Request.Method.ShouldBe("POST");
            http.Request.ContentType.ShouldBe("application/json");
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
            lock (_received)
            {
                _received.Add(body);
                http.Response.StatusCode = _statuses.TryDequeue(out var status) ? status : 200;
            }
        });
        await _listener.StartAsync();
    }

    public async ValueTask DisposeAsync() => await _listener.DisposeAsync();

    [Fact]
    public async Task The_webhook_gets_the_status_document()
    {
        await using var stage = await StartAsync();
        var id = await RunAsync(stage);
        (await stage.Worker().TakeAsync()).GetProperty("webhook").GetString().ShouldStartWith("http://127.0.0.1");
        await stage.Worker().PostAsync(id, """{"status": "IN_PROGRESS", "output": "half"}""");

        await stage.Worker().PostAsync(id, """{"output": {"n":  1}}""");

        await ReceivedAsync(1);
        _received[0].GetRawText().ShouldBe((await stage.GetAsync($"status/{id}")).Json.GetRawText());
        await Task.Delay(100, TestContext.Current.CancellationToken);
        _received.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Every_end_is_told()
    {
        await using var stage = await StartAsync();
        string[] ids = [await RunAsync(stage), await RunAsync(stage), await RunAsync(stage), await RunAsync(stage)];
        await stage.Worker().TakeAsync();
        _clock.Advance(TimeSpan.FromMinutes(11)); // too long for the first one
        await stage.Worker().TakeAsync();
        await stage.Worker().PostAsync(ids[1], """{"error": "no"}""");
        await stage.PostAsync($"cancel/{ids[2]}");
        await stage.PostAsync("purge-queue");

        await ReceivedAsync(4);

        _received
            .Select(body => (body.GetProperty("id").GetString(), body.GetProperty("status").GetString()))
            .ShouldBe(
                [(ids[0], "TIMED_OUT"), (ids[1], "FAILED"), (ids[2], "CANCELLED"), (ids[3], "CANCELLED")],
                ignoreOrder: true
            );
    }

    [Fact]
    public async Task A_webhook_that_fails_is_tried_twice_more_ten_seconds_apart()
    {
        await using var stage = await StartAsync();
        _statuses.Enqueue(500);
        _statuses.Enqueue(202);
        _statuses.Enqueue(302);
        var id = await RunAsync(stage);
        await stage.Worker().TakeAsync();
        await stage.Worker().PostAsync(id, """{"output": 1}""");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await ReceivedAsync(attempt);
            var failed = $"Job {id}: webhook, attempt {attempt} of 3";
            await stage.WaitForLogAsync(failed);
            _clock.Advance(TimeSpan.FromSeconds(9.9));
            await Task.Delay(50, TestContext.Current.CancellationToken);
            _received.Count.ShouldBe(attempt);
            _clock.Advance(TimeSpan.FromSeconds(0.2));
        }

        await stage.WaitForLogAsync($"Job {id}: the webhook was given up: it answered 302.");
        _clock.Advance(TimeSpan.FromMinutes(1));
        _received.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_webhook_that_nobody_serves_is_given_up_with_a_line_when_the_emulator_ends()
    {
        var stage = await StartAsync();
        var id = await stage.RunAsync("1", """, "webhook": "http://127.0.0.1:1/x" """);
        await stage.Worker().TakeAsync();
        await stage.Worker().PostAsync(id, """{"output": 1}""");
        await stage.WaitForLogAsync("attempt 1 of 3");

        await stage.DisposeAsync();

        await stage.WaitForLogAsync($"Job {id}: the webhook was given up");
    }

    private Task<EmulatorStage> StartAsync() => EmulatorStage.StartAsync(o => o with { TimeProvider = _clock });

    private Task<string> RunAsync(EmulatorStage stage) =>
        stage.RunAsync("1", $$""", "webhook": "{{_listener.Urls.First()}}/told?x=1" """);

    private Task ReceivedAsync(int count) =>
        FakeRunPod.WaitForAsync(
            () =>
            {
                lock (_received)
                {
                    return _received.Count >= count;
                }
            },
            $"webhook {count}"
        );
}
