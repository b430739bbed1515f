using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RunPod.Worker.Emulator.Jobs;

namespace RunPod.Worker.Emulator.Http;

/// <summary>The endpoint API: under any endpoint's name as on RunPod, and without one as in RunPod's local server.</summary>
internal sealed class ClientRoutes(ControlPlane plane, RunPodEmulatorOptions options)
{
    private static readonly string[] Get = [HttpMethods.Get];
    private static readonly string[] Post = [HttpMethods.Post];
    private static readonly string[] Both = [HttpMethods.Get, HttpMethods.Post];

    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly Keys _keys = new(options);

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "run", Post, 1000, http => SubmitAsync(http, isSync: false));
        Map(routes, "runsync", Post, 2000, http => SubmitAsync(http, isSync: true));
        Map(routes, "status/{job}", Both, 2000, StatusAsync);
        Map(routes, "status-sync/{job}", Both, 2000, StatusSyncAsync);
        Map(routes, "stream/{job}", Both, 2000, StreamAsync);
        Map(routes, "cancel/{job}", Post, 100, CancelAsync);
        Map(routes, "retry/{job}", Post, 2000, RetryAsync);
        Map(routes, "purge-queue", Post, 2, PurgeQueueAsync);
        Map(routes, "health", Both, 2000, http => Answers.WriteAsync(http, plane.Health()));
        Map(routes, "env", Get, 2000, EnvironmentAsync);
        routes.MapMethods("/", Get, WelcomeAsync);
    }

    private Task WelcomeAsync(HttpContext http) =>
        http.Response.WriteAsync(Welcome.Text(BaseUrl(http), options.EndpointId), http.RequestAborted);

    /// <summary>The variables of one more worker, for a shell's eval.</summary>
    private Task EnvironmentAsync(HttpContext http)
    {
        // In quotes: the URLs hold names with a dollar that are the worker's to replace, not the shell's.
        var lines = WorkerVariables
            .For(options, BaseUrl(http), workerId: null)
            .Select(variable => $"export {variable.Key}='{variable.Value}'\n");
        return http.Response.WriteAsync(string.Concat(lines), http.RequestAborted);
    }

    /// <summary>As the one who asks reaches it.</summary>
    private static string BaseUrl(HttpContext http) => $"http://{http.Request.Host}/v2";

    private void Map(
        IEndpointRouteBuilder routes,
        string path,
        string[] methods,
        int mostInTenSeconds,
        RequestDelegate handle
    )
    {
        var limit = options.HasRateLimits ? new RateLimit(mostInTenSeconds, options.TimeProvider) : null;
        foreach (var prefix in new[] { "/v2/{endpoint}/", "/" })
        {
            routes.MapMethods(prefix + path, methods, GuardedAsync);
        }

        Task GuardedAsync(HttpContext http)
        {
            if (!_keys.AdmitsClient(http))
            {
                return Answers.WriteErrorAsync(
                    http,
                    StatusCodes.Status401Unauthorized,
                    "the Authorization header holds no key of this endpoint; send 'Bearer {key}'"
                );
            }

            return limit?.TryPass() is false
                ? Answers.WriteErrorAsync(
                    http,
                    StatusCodes.Status429TooManyRequests,
                    $"more than {mostInTenSeconds} requests to '{path}' in 10 s"
                )
                : handle(http);
        }
    }

    private async Task SubmitAsync(HttpContext http, bool isSync)
    {
        if (await ReadWaitAsync(http, DefaultWait).ConfigureAwait(false) is not { } wait)
        {
            return;
        }

        var limit = Limits.Body(isSync);
        if (await RequestBody.ReadAsync(http, limit).ConfigureAwait(false) is not { } body)
        {
            // RunPod's own words.
            await BadRequestAsync(http, $"bad request: body: exceeded max body size of {limit >> 20}MiB")
                .ConfigureAwait(false);
            return;
        }

        var (request, problem) = JobRequest.Read(body);
        if (request is null)
        {
            await BadRequestAsync(http, $"bad request: {problem}").ConfigureAwait(false);
            return;
        }

        var job = plane.Submit(request, isSync, wait);
        if (isSync)
        {
            await WaitAsync(http, job.Id, wait).ConfigureAwait(false);
        }
        else
        {
            await Answers.WriteAsync(http, job.ToBrief()).ConfigureAwait(false);
        }
    }

    private async Task StatusAsync(HttpContext http)
    {
        var id = JobId(http);
        if (
            !Query.TryReadTime(
                http,
                "ttl",
                TimeSpan.Zero,
                TimeSpan.FromMilliseconds(1),
                RunPodEmulatorOptions.LongestJob,
                out var ttl
            )
        )
        {
            await BadRequestAsync(http, "bad request: 'ttl' must be milliseconds, as in ?ttl=6000")
                .ConfigureAwait(false);
            return;
        }

        var job = ttl > TimeSpan.Zero ? plane.Find(id, ttl) : plane.Find(id);
        await AnswerAsync(http, job, job => job.ToStatus()).ConfigureAwait(false);
    }

    private async Task StatusSyncAsync(HttpContext http)
    {
        if (await ReadWaitAsync(http, DefaultWait).ConfigureAwait(false) is { } wait)
        {
            await WaitAsync(http, JobId(http), wait).ConfigureAwait(false);
        }
    }

    private async Task StreamAsync(HttpContext http)
    {
        if (await ReadWaitAsync(http, options.PollHold).ConfigureAwait(false) is not { } hold)
        {
            return;
        }

        var read = await plane.ReadStreamAsync(JobId(http), hold, http.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(http, read?.Job, job => job.ToStream(read!.Value.Pieces)).ConfigureAwait(false);
    }

    private Task CancelAsync(HttpContext http) => AnswerAsync(http, plane.Cancel(JobId(http)), job => job.ToBrief());

    private Task RetryAsync(HttpContext http)
    {
        var (job, isRetried) = plane.Retry(JobId(http));
        return job is null || isRetried
            ? AnswerAsync(http, job, retried => retried.ToBrief())
            : BadRequestAsync(
                http,
                $"bad request: the job is {job.State.Name()}, but only FAILED and TIMED_OUT jobs can be retried"
            );
    }

    private Task PurgeQueueAsync(HttpContext http)
    {
        var removed = plane.PurgeQueue();
        return Answers.WriteAsync(
            http,
            JobSnapshot.WriteJson(writer =>
            {
                writer.WriteNumber("removed", removed);
                writer.WriteString("status", "completed");
            })
        );
    }

    /// <summary>Answers with the result, or with little more than the state when there is none in time.</summary>
    private async Task WaitAsync(HttpContext http, string id, TimeSpan wait)
    {
        var job = await plane.WaitForEndAsync(id, wait, http.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(http, job, known => known.State.IsFinal() ? known.ToStatus() : known.ToBrief(), id)
            .ConfigureAwait(false);
    }

    private static Task AnswerAsync(
        HttpContext http,
        JobSnapshot? job,
        Func<JobSnapshot, ReadOnlyMemory<byte>> document,
        string? id = null
    ) => job is null ? Answers.UnknownJobAsync(http, id ?? JobId(http)) : Answers.WriteAsync(http, document(job));

    /// <summary>The <c>wait</c> of the query; null where it is no number, and that was answered.</summary>
    private static async Task<TimeSpan?> ReadWaitAsync(HttpContext http, TimeSpan otherwise)
    {
        if (Query.TryReadTime(http, "wait", otherwise, ShortestWait, LongestWait, out var wait))
        {
            return wait;
        }

        await BadRequestAsync(http, "bad request: 'wait' must be milliseconds from 1000 to 300000, as in ?wait=5000")
            .ConfigureAwait(false);
        return null;
    }

    private static Task BadRequestAsync(HttpContext http, string problem) =>
        Answers.WriteErrorAsync(http, StatusCodes.Status400BadRequest, problem);

    private static string JobId(HttpContext http) => (string)http.GetRouteValue("job")!;
}
