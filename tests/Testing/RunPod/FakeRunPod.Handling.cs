using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Testing.RunPod;

/// <summary>What the fake platform does with a request.</summary>
public sealed partial class FakeRunPod
{
    private async Task HandleAsync(HttpContext http)
    {
        var segments = http.Request.Path.Value?.Split('/') ?? [];
        var route = RouteOf(segments);
        Interlocked.Increment(ref _counts[(int)route]);
        if (!IsRecording)
        {
            await HandleUnrecordedAsync(http, route);
            return;
        }

        var request = await RecordAsync(http, route, segments[^1]);
        if (_isOut)
        {
            http.Abort();
            return;
        }

        var fault = NextFault(request.Route);
        switch (fault)
        {
            case Fault.Garbage:
                var transport = http.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
                await transport.Output.WriteAsync("nonsense\n\n"u8.ToArray());
                http.Abort();
                return;
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
                await PollAsync(http, () => TakeFromQueue(http.Request));
                break;
            case RunPodRoute.Stop:
                await PollAsync(http, TakeStopSignals);
                break;
            case RunPodRoute.Result when request.Body.Length > LargestResultBytes:
                http.Response.StatusCode = StatusCodes.Status400BadRequest;
                break;
            case RunPodRoute.Result or RunPodRoute.Stream:
                Change(() =>
                {
                    _accepted.Add(request);
                    if (fault is not Fault.CloseAfter)
                    {
                        _answered.Add(request);
                    }
                });
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

    /// <summary>The quick way: counts, and behaves well.</summary>
    private Task HandleUnrecordedAsync(HttpContext http, RunPodRoute route) =>
        route switch
        {
            RunPodRoute.Take => PollAsync(http, () => TakeFromQueue(http.Request)),
            RunPodRoute.Stop => PollAsync(http, TakeStopSignals),
            _ => http.Request.Body.CopyToAsync(Stream.Null),
        };

    private static RunPodRoute RouteOf(string[] segments) =>
        (segments.Length > 3 ? segments[3] : "") switch
        {
            "job-take" or "job-take-batch" => RunPodRoute.Take,
            "job-stop" => RunPodRoute.Stop,
            "job-done" => RunPodRoute.Result,
            "job-stream" => RunPodRoute.Stream,
            "ping" => RunPodRoute.Ping,
            _ => RunPodRoute.Unknown,
        };

    private async Task<RecordedRequest> RecordAsync(HttpContext http, RunPodRoute route, string lastSegment)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var request = new RecordedRequest(
            route,
            http.Request.Method,
            http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            route is RunPodRoute.Result or RunPodRoute.Stream ? lastSegment : null,
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
                answer = _isOut ? null : take();
            }

            if (_isOut)
            {
                http.Abort();
                return;
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

    private string? TakeFromQueue(HttpRequest request)
    {
        var isBatch = request.Path.Value!.Contains("/job-take-batch/", StringComparison.Ordinal);
        var size = isBatch ? int.Parse(request.Query["batch_size"].ToString(), CultureInfo.InvariantCulture) : 1;
        if (_queue.Count == 0)
        {
            return EndlessInput is null ? null : MakeUp(size, isBatch);
        }

        if (_queue[0].IsWholeAnswer || !isBatch)
        {
            var answer = _queue[0].Body;
            _queue.RemoveAt(0);
            return answer;
        }

        var jobs = _queue.TakeWhile(job => !job.IsWholeAnswer).Take(size).Select(job => job.Body).ToList();
        _queue.RemoveRange(0, jobs.Count);
        return $"[{string.Join(',', jobs)}]";
    }

    private string MakeUp(int size, bool isBatch)
    {
        var jobs = Enumerable
            .Range(0, size)
            .Select(_ => $$"""{"id":"made-up-{{++_madeUp}}","input":{{EndlessInput}}}""");
        return isBatch ? $"[{string.Join(',', jobs)}]" : jobs.First();
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
