using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Testing.RunPod;

/// <summary>What the fake platform does with a request.</summary>
public sealed partial class FakeRunPod
{
    private async Task HandleAsync(HttpContext http)
    {
        var request = await RecordAsync(http);
        var fault = NextFault(request.Route);
        switch (fault)
        {
            case Fault.Status status:
                http.Response.StatusCode = status.Code;
                http.Response.Headers.RetryAfter = status.RetryAfterSeconds is { } seconds ? $"{seconds}" : default;
                return;
            case Fault.CloseBefore:
                http.Abort();
                return;
            case Fault.Silence:
                await WaitAsync(http, Timeout.InfiniteTimeSpan);
                return;
            case Fault.Body body:
                await AnswerAsync(http, body.Text, body.ContentType);
                return;
            case Fault.Delay delay:
                await WaitAsync(http, delay.Time);
                break;
        }

        switch (request.Route)
        {
            case RunPodRoute.Take:
                await PollAsync(http, () => TakeFromQueue(request));
                break;
            case RunPodRoute.Stop:
                await PollAsync(http, TakeStopSignals);
                break;
            case RunPodRoute.Result when request.Body.Length > LargestResultBytes:
                http.Response.StatusCode = StatusCodes.Status400BadRequest;
                break;
            case RunPodRoute.Result or RunPodRoute.Stream:
                Change(() => _accepted.Add(request));
                break;
            case RunPodRoute.Unknown:
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }

        if (fault is Fault.CloseAfter)
        {
            http.Abort();
        }
    }

    private async Task<RecordedRequest> RecordAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var segments = http.Request.Path.Value?.Split('/') ?? [];
        var route = (segments.Length > 3 ? segments[3] : "") switch
        {
            "job-take" or "job-take-batch" => RunPodRoute.Take,
            "job-stop" => RunPodRoute.Stop,
            "job-done" => RunPodRoute.Result,
            "job-stream" => RunPodRoute.Stream,
            "ping" => RunPodRoute.Ping,
            _ => RunPodRoute.Unknown,
        };
        var request = new RecordedRequest(
            route,
            http.Request.Method,
            http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            route is RunPodRoute.Result or RunPodRoute.Stream ? segments[^1] : null,
            http.Request.Headers.ToDictionary(
                header => header.Key,
                header => header.Value.ToString(),
                StringComparer.OrdinalIgnoreCase
            ),
            body.ToArray(),
            _clock.Elapsed
        );
        Change(() => _requests.Add(request));
        return request;
    }

    private Fault? NextFault(RunPodRoute route)
    {
        lock (_gate)
        {
            return _faults.TryGetValue(route, out var next) && next.TryDequeue(out var fault)
                ? fault
                : _standingFaults.GetValueOrDefault(route);
        }
    }

    /// <summary>Answers as soon as there is something to say, or 204 when the hold is over.</summary>
    private async Task PollAsync(HttpContext http, Func<string?> take)
    {
        var held = Stopwatch.StartNew();
        while (!http.RequestAborted.IsCancellationRequested)
        {
            Task changed;
            string? answer;
            lock (_gate)
            {
                changed = _changed.Task;
                answer = take();
            }

            if (answer is not null)
            {
                await AnswerAsync(http, answer, "application/json");
                return;
            }

            if (Hold - held.Elapsed is not { Ticks: > 0 } rest || _closing.IsCancellationRequested)
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _closing.Token);
            await Task.WhenAny(changed, Task.Delay(rest, either.Token));
        }
    }

    private string? TakeFromQueue(RecordedRequest request)
    {
        if (_queue.Count == 0)
        {
            return null;
        }

        var isBatch = request.Target.Contains("/job-take-batch/", StringComparison.Ordinal);
        if (_queue[0].IsWholeAnswer || !isBatch)
        {
            var answer = _queue[0].Body;
            _queue.RemoveAt(0);
            return answer;
        }

        var size = int.Parse(request.Query.Split("batch_size=")[1].Split('&')[0], CultureInfo.InvariantCulture);
        var jobs = _queue.TakeWhile(job => !job.IsWholeAnswer).Take(size).Select(job => job.Body).ToList();
        _queue.RemoveRange(0, jobs.Count);
        return $"[{string.Join(',', jobs)}]";
    }

    private string? TakeStopSignals()
    {
        if (_stopSignals.Count == 0)
        {
            return null;
        }

        var ids = new JsonArray([.. _stopSignals.Select(id => JsonValue.Create(id))]);
        _stopSignals.Clear();
        return new JsonObject { ["jobsToStop"] = ids }.ToJsonString();
    }

    private async Task WaitAsync(HttpContext http, TimeSpan time)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _closing.Token);
        await Task.Delay(time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static Task AnswerAsync(HttpContext http, string body, string contentType)
    {
        http.Response.ContentType = contentType;
        return http.Response.WriteAsync(body);
    }
}
