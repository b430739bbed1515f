using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VibeVoice.Server.Queue;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>
/// The endpoint API on a free port, whose jobs are done when they are asked about, unless a test has them fail. What they
/// spoke can be read back from the audio: see <see cref="CodedAudio"/>.
/// </summary>
internal sealed class FakeEndpoint : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<FakeJob> _order = new();
    private int _requests;

    private FakeEndpoint(WebApplication application) => _application = application;

    /// <summary>What <c>--api-url</c> is.</summary>
    public Uri BaseUrl => new($"{_application.Urls.First()}/v2");

    /// <summary>The jobs in the order of their sending.</summary>
    public IReadOnlyList<FakeJob> Jobs => [.. _order];

    /// <summary>Answers the n-th request to <c>/run</c>, from 1, in its place; null lets it through.</summary>
    public Func<int, IResult?> OnRun { get; set; } = _ => null;

    /// <summary>Called once a job was taken; may break off the answer.</summary>
    public Action<HttpContext, FakeJob> OnTaken { get; set; } = (_, _) => { };

    /// <summary>What is known of a job; null for none.</summary>
    public Func<FakeJob, JsonObject?> StatusOf { get; set; } = Completed;

    /// <summary>What <c>/audio/{id}</c> answers.</summary>
    public Func<HttpContext, FakeJob, IResult> AudioOf { get; set; } =
        (_, job) => Results.Bytes(CodedAudio.Write(job.Text));

    /// <summary>The headers with which requests came, by their path.</summary>
    public ConcurrentQueue<(string Path, string Authorization, TimeSpan At)> Requests { get; } = new();

    public static async Task<FakeEndpoint> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var endpoint = new FakeEndpoint(application);
        endpoint.Map(application);
        await application.StartAsync();
        return endpoint;
    }

    /// <summary>The document of a job that was done well, with the audio in it.</summary>
    public static JsonObject Completed(FakeJob job) => Completed(job, facts => facts);

    /// <param name="change">Makes something wrong of it.</param>
    /// <param name="url">Where the audio is, in place of base64.</param>
    public static JsonObject Completed(FakeJob job, Func<JobMetadata, JobMetadata> change, string? url = null)
    {
        var audio = CodedAudio.Write(job.Text);
        var facts = new JobMetadata
        {
            Engine = "coded",
            Model = "1",
            Voice = "none",
            Format = "wav",
            ContentType = "audio/wav",
            SampleRateHz = 24_000,
            DurationSeconds = CodedAudio.Seconds(job.Text),
            Characters = job.Text.EnumerateRunes().Count(),
            Bytes = audio.Length,
            Seed = 1,
            FirstAudioSeconds = 0,
            GenerationSeconds = 0,
            RealTimeFactor = 0,
            Warnings = [],
        };
        var answer = new JobAnswer
        {
            AudioUrl = url,
            AudioBase64 = url is null ? Convert.ToBase64String(audio) : null,
            Metadata = change(facts),
        };
        return new JsonObject
        {
            ["id"] = job.Id,
            ["status"] = "COMPLETED",
            ["output"] = System.Text.Json.JsonSerializer.SerializeToNode(answer, JobJson.Compact.JobAnswer),
        };
    }

    /// <summary>The document of a job in a state without an output.</summary>
    public static JsonObject InState(FakeJob job, string state, string? error = null)
    {
        var status = new JsonObject { ["id"] = job.Id, ["status"] = state };
        if (error is not null)
        {
            status["error"] = error;
        }

        return status;
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private void Map(WebApplication application)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        application.Use(
            (http, next) =>
            {
                Requests.Enqueue((http.Request.Path, http.Request.Headers.Authorization.ToString(), clock.Elapsed));
                return next(http);
            }
        );
        application.MapPost("/v2/book/run", Run);
        application.MapGet("/v2/book/status/{id}", (string id) => Known(id, StatusOf));
        application.MapPost(
            "/v2/book/cancel/{id}",
            (string id) =>
                Known(
                    id,
                    job =>
                    {
                        job.IsCancelled = true;
                        return InState(job, "CANCELLED");
                    }
                )
        );
        application.MapGet("/audio/{id}", (HttpContext http, string id) => AudioOf(http, _jobs[id]));
    }

    private IResult Run(HttpContext http, JsonObject body)
    {
        if (OnRun(Interlocked.Increment(ref _requests)) is { } other)
        {
            return other;
        }

        var input = body["input"]!.AsObject();
        var text = input["text"]!.GetValue<string>();
        var job = new FakeJob(
            $"job-{_jobs.Count}-{Guid.NewGuid():N}",
            text,
            input,
            Jobs.Count(j => j.Text == text) + 1
        );
        _jobs[job.Id] = job;
        _order.Enqueue(job);
        OnTaken(http, job);
        return Results.Json(InState(job, "IN_QUEUE"));
    }

    private IResult Known(string id, Func<FakeJob, JsonObject?> answer)
    {
        if (!_jobs.TryGetValue(id, out var job))
        {
            return Results.NotFound(new { error = "no such job" });
        }

        job.Questions++;
        return answer(job) is { } status ? Results.Json(status) : Results.NotFound(new { error = "expired" });
    }
}

/// <summary>A job that was sent.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">What it speaks.</param>
/// <param name="Input">All that it was sent with.</param>
/// <param name="Attempt">How often this text was sent, from 1.</param>
internal sealed record FakeJob(string Id, string Text, JsonObject Input, int Attempt)
{
    /// <summary>How often it was asked about.</summary>
    public int Questions { get; set; }

    public bool IsCancelled { get; set; }
}
