using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Http.Jobs;

/// <summary>Jobs for long text, on workers that share a folder.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class JobTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-jobs-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_sounds_as_one_request_and_leaves_nothing_but_its_audio()
    {
        var engine = new ChunkedSynthesizer();
        await using var stage = await StartAsync(engine);
        using var whole = await stage.SpeakAsync(JobClient.Body);
        var expected = await whole.Content.ReadAsByteArrayAsync(Token);

        using var answer = await stage.Client.SendAsync(JobClient.Body);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var id = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token)).GetProperty("id").GetString()!;
        answer.Headers.Location!.ToString().ShouldBe($"{JobClient.Path}/{id}");
        var job = await stage.Client.UntilDoneAsync(id);

        job.Status().ShouldBe("done", $"{job}");
        job.GetProperty("progress")
            .ToString()
            .ShouldBe("""{"share_of_text":1,"seconds_spoken":2.4,"parts_done":6,"parts":6}""");
        job.GetProperty("audio_url").GetString().ShouldBe($"{JobClient.Path}/{id}/audio");
        var metadata = job.GetProperty("metadata");
        metadata.GetProperty("duration_seconds").GetDouble().ShouldBe(2.4);
        metadata.GetProperty("bytes").GetInt64().ShouldBe(expected.Length);
        metadata.GetProperty("seed").GetInt64().ShouldBe(1);
        (await stage.Client.AudioAsync(id)).ShouldBe(expected);
        engine.Begun.ShouldBe([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
        Files(id).ShouldBe(["audio.pcm", "request.json", "state.json"], ignoreOrder: true);
        (await File.ReadAllTextAsync(PathOf(id, "request.json"), Token)).ShouldNotContain("Three");
        OpenJobs().ShouldBeEmpty();
        stage.Logs.GetSnapshot().ShouldAllBe(record => !record.Message.Contains("Three"));
    }

    [Fact]
    public async Task A_part_of_the_audio_is_had_by_its_range_and_one_that_is_not_there_is_refused()
    {
        await using var stage = await StartAsync(new ChunkedSynthesizer());
        var id = await stage.Client.BeginAsync();
        await stage.Client.UntilDoneAsync(id);
        var whole = await stage.Client.AudioAsync(id);
        using var some = await AskAsync(100, 199);
        some.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await some.Content.ReadAsByteArrayAsync(Token)).ShouldBe(whole[100..200]);
        using var none = await AskAsync(whole.Length, null);
        (await HttpStage.ErrorOfAsync(none, 416)).GetProperty("code").GetString().ShouldBe("range_not_satisfiable");

        Task<HttpResponseMessage> AskAsync(long from, long? to) =>
            stage.Client.SendAsync(
                new HttpRequestMessage(HttpMethod.Get, $"{JobClient.Path}/{id}/audio")
                {
                    Headers = { Range = new System.Net.Http.Headers.RangeHeaderValue(from, to) },
                },
                Token
            );
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("flac")]
    public async Task The_parts_go_through_one_encoder(string format)
    {
        await using var stage = await StartAsync(new ChunkedSynthesizer());
        var body = $$"""{"input": "One. Two. Three.", "response_format": "{{format}}", "speed": 1.25}""";
        using var whole = await stage.SpeakAsync(body);
        var id = await stage.Client.BeginAsync(body);
        (await stage.Client.UntilDoneAsync(id)).Status().ShouldBe("done");
        (await stage.Client.AudioAsync(id)).ShouldBe(await whole.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task A_worker_that_stops_gives_the_job_back_and_another_speaks_only_what_is_missing()
    {
        var (third, begun) = (new TaskCompletionSource(), new System.Collections.Concurrent.ConcurrentQueue<int>());
        var first = await StartAsync(
            new ChunkedSynthesizer
            {
                Begun = begun,
                BeforeFrame = (index, token) =>
                {
                    if (index < 7)
                    {
                        return Task.CompletedTask;
                    }

                    third.TrySetResult();
                    return Task.Delay(Timeout.Infinite, token);
                },
            }
        );
        var id = await first.Client.BeginAsync();
        await third.Task;
        await first.DisposeAsync();
        Files(id).ShouldBe(["part-00000.f32", "part-00001.f32", "request.json", "state.json"], ignoreOrder: true);

        await using var second = await StartAsync(new ChunkedSynthesizer { Begun = begun });
        (await second.Client.UntilDoneAsync(id)).Status().ShouldBe("done");
        begun.ShouldBe([0, 1, 2, 2, 3, 4, 5]);
        using var whole = await second.SpeakAsync(JobClient.Body);
        (await second.Client.AudioAsync(id)).ShouldBe(await whole.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task Of_two_workers_one_speaks_and_both_tell_the_same()
    {
        var begun = new System.Collections.Concurrent.ConcurrentQueue<int>();
        ChunkedSynthesizer Engine() => new() { Begun = begun, BeforeFrame = (_, token) => Task.Delay(5, token) };
        await using var first = await StartAsync(Engine());
        await using var second = await StartAsync(Engine());
        var ids = await Task.WhenAll(first.Client.BeginAsync(), second.Client.BeginAsync());
        foreach (var id in ids)
        {
            await Task.WhenAll(first.Client.UntilDoneAsync(id), second.Client.UntilDoneAsync(id));
            (await first.Client.AudioAsync(id)).ShouldBe(await second.Client.AudioAsync(id));
        }

        begun.Order().ShouldBe([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_that_is_deleted_stops_and_nothing_is_left_of_it(bool isByWayOfAnother)
    {
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        var engine = new ChunkedSynthesizer
        {
            BeforeFrame = async (index, token) =>
            {
                if (index == 4)
                {
                    begun.TrySetResult();
                    await Task.Delay(Timeout.Infinite, token)
                        .ContinueWith(
                            _ => ended.TrySetResult(),
                            CancellationToken.None,
                            default,
                            TaskScheduler.Default
                        );
                    token.ThrowIfCancellationRequested();
                }
            },
        };
        await using var worker = await StartAsync(engine);
        await using var other = await StartAsync(new ChunkedSynthesizer());
        other.Server.State.Ready.IsCompleted.ShouldBeTrue();
        var id = await worker.Client.BeginAsync();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);

        var asked = isByWayOfAnother ? other : worker;
        var deleted = await asked.Client.DeleteAsync($"{JobClient.Path}/{id}", Token);
        var text = await deleted.Content.ReadAsStringAsync(Token);
        text.ShouldBe($$"""{"id":"{{id}}","object":"audio.job","status":"cancelled","deleted":true}""");
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(isByWayOfAnother ? 10 : 1), Token);
        (await worker.Client.StatusAsync(id)).ShouldBe(HttpStatusCode.NotFound);
        (await other.Client.StatusAsync(id)).ShouldBe(HttpStatusCode.NotFound);
        Directory.Exists(PathOf(id)).ShouldBeFalse();
        OpenJobs().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_request_that_waits_is_spoken_between_two_chunks()
    {
        var (second, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var order = new List<string>();
        var engine = new ChunkedSynthesizer
        {
            BeforeFrame = async (index, _) =>
            {
                if (index == 4 && second.TrySetResult())
                {
                    await go.Task;
                }
            },
        };
        await using var stage = await StartAsync(engine, slots: 1);
        var id = await stage.Client.BeginAsync();
        await second.Task;
        var speaking = stage.SpeakAsync("""{"input": "Now.", "response_format": "pcm"}""");
        while (!(await stage.Client.GetStringAsync("/metrics", Token)).Contains("vibevoice_queue_length 1\n"))
        {
            await Task.Delay(5, Token);
        }

        go.SetResult();
        using var answer = await speaking;
        await answer.Content.ReadAsByteArrayAsync(Token);
        (await stage.Client.UntilDoneAsync(id)).Status().ShouldBe("done");
        // The third was begun when the request was found waiting; then came the request's own, then the third again.
        engine.Begun.ShouldBe([0, 1, 2, 0, 2, 3, 4, 5]);
        order.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_belongs_to_the_key_that_made_it()
    {
        await using var stage = await StartAsync(
            new ChunkedSynthesizer(),
            new HttpOptions { ApiKeys = "secret-a,secret-b" }
        );
        using var other = HttpStage.ClientOf(stage.Port);
        stage.Client.DefaultRequestHeaders.Add("X-API-Key", "secret-a");
        other.DefaultRequestHeaders.Add("X-API-Key", "secret-b");
        var id = await stage.Client.BeginAsync();
        await stage.Client.UntilDoneAsync(id);
        foreach (var path in new[] { $"{JobClient.Path}/{id}", $"{JobClient.Path}/{id}/audio" })
        {
            using var answer = await other.GetAsync(path, Token);
            (await HttpStage.ErrorOfAsync(answer, 404)).GetProperty("code").GetString().ShouldBe("job_not_found");
        }

        using var refused = await other.DeleteAsync($"{JobClient.Path}/{id}", Token);
        (await HttpStage.ErrorOfAsync(refused, 404)).GetProperty("code").GetString().ShouldBe("job_not_found");
        (await stage.Client.StatusAsync(id)).ShouldBe(HttpStatusCode.OK);
        foreach (var file in Directory.EnumerateFiles(_folder.FullName, "*.json", SearchOption.AllDirectories))
        {
            (await File.ReadAllTextAsync(file, Token)).ShouldNotContain("secret");
        }

        using var same = await stage.Client.SendAsync(JobClient.Body, "one");
        using var another = await other.SendAsync(JobClient.Body, "one");
        another.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        another.Headers.Location.ShouldNotBe(same.Headers.Location);
    }

    [Fact]
    public async Task What_is_sent_again_under_its_key_is_the_same_job()
    {
        await using var stage = await StartAsync(new ChunkedSynthesizer());
        using var first = await stage.Client.SendAsync(JobClient.Body, "one");
        using var again = await stage.Client.SendAsync(JobClient.Body, "one");
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.Location.ShouldBe(first.Headers.Location);
        using var other = await stage.Client.SendAsync("""{"input": "Other."}""", "one");
        (await HttpStage.ErrorOfAsync(other, 409)).GetProperty("code").GetString().ShouldBe("idempotency_key_reused");
        using var bad = await stage.Client.SendAsync(JobClient.Body, "a b");
        (await HttpStage.ErrorOfAsync(bad, 400)).GetProperty("param").GetString().ShouldBe("Idempotency-Key");
    }

    [Fact]
    public async Task What_is_damaged_is_told_and_stops_nothing_else()
    {
        await using var stage = await StartAsync(new ChunkedSynthesizer());
        var id = await stage.Client.BeginAsync();
        await stage.Client.UntilDoneAsync(id);
        await File.WriteAllTextAsync(PathOf(id, "state.json"), "{\"version\":", Token);
        await File.WriteAllTextAsync(PathOf("open", id), "", Token);

        using var answer = await stage.Client.GetAsync($"{JobClient.Path}/{id}", Token);
        (await HttpStage.ErrorOfAsync(answer, 500)).GetProperty("code").GetString().ShouldBe("job_damaged");
        var next = await stage.Client.BeginAsync();
        (await stage.Client.UntilDoneAsync(next)).Status().ShouldBe("done");
        stage
            .Logs.GetSnapshot()
            .ShouldContain(record => record.Level == LogLevel.Error && record.Message.Contains("cannot be read"));
        (await stage.Client.DeleteAsync($"{JobClient.Path}/{id}", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        Directory.Exists(PathOf(id)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_part_that_is_damaged_is_spoken_again()
    {
        var (fifth, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var engine = new ChunkedSynthesizer
        {
            BeforeFrame = async (index, _) =>
            {
                if (index == 13 && fifth.TrySetResult())
                {
                    await go.Task;
                }
            },
        };
        await using var stage = await StartAsync(engine);
        var id = await stage.Client.BeginAsync();
        await fifth.Task;
        await File.WriteAllBytesAsync(PathOf(id, "part-00002.f32"), new byte[400], Token);
        go.SetResult();
        (await stage.Client.UntilDoneAsync(id)).Status().ShouldBe("done");
        engine.Begun.ShouldBe([0, 1, 2, 3, 4, 5, 2, 3, 4, 5]);
        using var whole = await stage.SpeakAsync(JobClient.Body);
        (await stage.Client.AudioAsync(id)).ShouldBe(await whole.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task An_engine_that_breaks_fails_the_job_and_its_text_goes()
    {
        var engine = new ChunkedSynthesizer
        {
            BeforeFrame = (index, _) =>
                index == 4 ? throw new SpeechFailedException("The engine broke.") : Task.CompletedTask,
        };
        await using var stage = await StartAsync(engine);
        var id = await stage.Client.BeginAsync();
        var job = await stage.Client.UntilDoneAsync(id);
        job.Status().ShouldBe("failed");
        job.GetProperty("error").GetProperty("message").GetString().ShouldBe("The engine broke.");
        Files(id).ShouldBe(["request.json", "state.json"], ignoreOrder: true);
        (await File.ReadAllTextAsync(PathOf(id, "request.json"), Token)).ShouldNotContain("Three");
        using var audio = await stage.Client.GetAsync($"{JobClient.Path}/{id}/audio", Token);
        (await HttpStage.ErrorOfAsync(audio, 409)).GetProperty("code").GetString().ShouldBe("job_not_done");
    }

    [Fact]
    public async Task Limits_are_told()
    {
        var engine = new ChunkedSynthesizer { BeforeFrame = (_, token) => Task.Delay(Timeout.Infinite, token) };
        var limits = new JobOptions { MostOpen = 1, MaxTextCharacters = 40 };
        await using var stage = await StartAsync(engine, jobOptions: limits);
        using var tooLong = await stage.Client.SendAsync($$"""{"input": "{{new string('a', 41)}}"}""");
        (await HttpStage.ErrorOfAsync(tooLong, 413))
            .GetProperty("code")
            .GetString()
            .ShouldBe("string_above_max_length");
        using var stream = await stage.Client.SendAsync("""{"input": "a", "stream_format": "sse"}""");
        (await HttpStage.ErrorOfAsync(stream, 400)).GetProperty("param").GetString().ShouldBe("stream_format");
        using var nonsense = await stage.Client.SendAsync("[]");
        (await HttpStage.ErrorOfAsync(nonsense, 400)).GetProperty("code").GetString().ShouldBe("invalid_json");

        await stage.Client.BeginAsync();
        using var second = await stage.Client.SendAsync(JobClient.Body);
        (await HttpStage.ErrorOfAsync(second, 429)).GetProperty("code").GetString().ShouldBe("too_many_jobs");
        second.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task Without_a_volume_or_a_bucket_the_queue_endpoint_is_named()
    {
        await using var stage = await HttpStage.StartAsync(new ChunkedSynthesizer());
        using var answer = await stage.Client.SendAsync(JobClient.Body);
        var error = await HttpStage.ErrorOfAsync(answer, 503);
        error.GetProperty("code").GetString().ShouldBe("jobs_unavailable");
        error.GetProperty("message").GetString()!.ShouldContain("queue endpoint (ENDPOINT_TYPE=queue, POST /run)");
        using var state = await stage.Client.GetAsync($"{JobClient.Path}/{JobId.New()}", Token);
        await HttpStage.ErrorOfAsync(state, 503);
    }

    [Fact]
    public async Task A_volume_that_cannot_be_written_is_told()
    {
        await File.WriteAllTextAsync(PathOf("open"), "a file where a folder should be", Token);
        await using var stage = await StartAsync(new ChunkedSynthesizer());
        using var answer = await stage.Client.SendAsync(JobClient.Body);
        var error = await HttpStage.ErrorOfAsync(answer, 503);
        error.GetProperty("message").GetString()!.ShouldStartWith("The volume that keeps the jobs failed: ");
        error.GetProperty("message").GetString()!.ShouldNotContain(_folder.FullName);
        (await stage.Client.GetAsync("/ping", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Old_jobs_are_deleted_and_nothing_else()
    {
        string old,
            young;
        await using (var stage = await StartAsync(new ChunkedSynthesizer()))
        {
            (old, young) = (await stage.Client.BeginAsync(), await stage.Client.BeginAsync());
            await stage.Client.UntilDoneAsync(old);
            await stage.Client.UntilDoneAsync(young);
        }

        var foreign = Directory.CreateDirectory(PathOf("job_of_somebody_else"));
        var time = DateTime.UtcNow.AddDays(-8);
        File.SetLastWriteTimeUtc(PathOf(old, "request.json"), time);
        Directory.SetLastWriteTimeUtc(foreign.FullName, time);
        await using var next = await StartAsync(new ChunkedSynthesizer());
        while (Directory.Exists(PathOf(old)))
        {
            await Task.Delay(10, Token);
        }

        (await next.Client.StatusAsync(old)).ShouldBe(HttpStatusCode.NotFound);
        (await next.Client.StatusAsync(young)).ShouldBe(HttpStatusCode.OK);
        foreign.Refresh();
        foreign.Exists.ShouldBeTrue();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(params string[] parts) => Path.Combine([_folder.FullName, .. parts]);

    private IEnumerable<string> Files(string id) => new DirectoryInfo(PathOf(id)).EnumerateFiles().Select(f => f.Name);

    private IEnumerable<string> OpenJobs() => new DirectoryInfo(PathOf("open")).EnumerateFiles().Select(f => f.Name);

    private Task<HttpStage> StartAsync(
        ISynthesizer engine,
        HttpOptions? options = null,
        int slots = 2,
        JobOptions? jobOptions = null
    ) =>
        HttpStage.StartAsync(
            engine,
            options,
            slots: slots,
            jobs: new FolderStore(_folder.FullName, TimeProvider.System),
            jobOptions: jobOptions
        );
}
