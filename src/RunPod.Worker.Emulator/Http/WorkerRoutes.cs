using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RunPod.Worker.Emulator.Jobs;

namespace RunPod.Worker.Emulator.Http;

/// <summary>What workers ask for. The URLs are those of <see cref="WorkerVariables"/>.</summary>
internal sealed class WorkerRoutes(ControlPlane plane, RunPodEmulatorOptions options)
{
    private static readonly string[] Get = [HttpMethods.Get];
    private static readonly string[] Post = [HttpMethods.Post];

    private readonly Keys _keys = new(options);

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, Get, "job-take/{worker}", TakeAsync);
        Map(routes, Get, "job-take-batch/{worker}", TakeBatchAsync);
        Map(routes, Get, "job-stop/{worker}", StopAsync);
        Map(routes, Post, "job-done/{worker}/{job}", DoneAsync);
        Map(routes, Post, "job-stream/{worker}/{job}", PieceAsync);
        Map(routes, Get, "ping/{worker}", PingAsync);
    }

    private void Map(IEndpointRouteBuilder routes, string[] methods, string path, RequestDelegate handle) =>
        routes.MapMethods(
            $"/v2/{{endpoint}}/{path}",
            methods,
            http =>
                _keys.AdmitsWorker(http)
                    ? handle(http)
                    : Answers.WriteErrorAsync(
                        http,
                        StatusCodes.Status401Unauthorized,
                        "the Authorization header is not this endpoint's RUNPOD_AI_API_KEY"
                    )
        );

    private async Task TakeAsync(HttpContext http)
    {
        var jobs = await plane.TakeAsync(WorkerId(http), 1, http.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(http, jobs, () => JobSnapshot.WriteJson(writer => WriteJob(writer, jobs[0])))
            .ConfigureAwait(false);
    }

    private async Task TakeBatchAsync(HttpContext http)
    {
        var text = http.Request.Query["batch_size"].ToString();
        if (
            !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
            || wanted is < 1 or > 10_000
        )
        {
            await Answers
                .WriteErrorAsync(
                    http,
                    StatusCodes.Status400BadRequest,
                    $"'batch_size' is '{text}', but must be from 1 to 10000"
                )
                .ConfigureAwait(false);
            return;
        }

        var jobs = await plane.TakeAsync(WorkerId(http), wanted, http.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(http, jobs, () => Answers.Array(jobs, WriteJob)).ConfigureAwait(false);
    }

    private async Task StopAsync(HttpContext http)
    {
        var signals = await plane.ReadStopSignalsAsync(WorkerId(http), http.RequestAborted).ConfigureAwait(false);
        await AnswerAsync(
                http,
                signals,
                () =>
                    JobSnapshot.WriteJson(writer =>
                    {
                        writer.WriteStartArray("jobsToStop");
                        foreach (var id in signals)
                        {
                            writer.WriteStringValue(id);
                        }

                        writer.WriteEndArray();
                    })
            )
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Answers with what there is, or with 204. Whether it arrived nobody can know here; the heartbeats tell, by what they
    /// name.
    /// </summary>
    private static Task AnswerAsync<T>(HttpContext http, IReadOnlyList<T> found, Func<ReadOnlyMemory<byte>> document)
    {
        if (found.Count > 0)
        {
            return Answers.WriteAsync(http, document());
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private async Task DoneAsync(HttpContext http)
    {
        var (worker, job) = (WorkerId(http), JobId(http));
        if (plane.LargestResult(job) is not { } limit)
        {
            await Answers.UnknownJobAsync(http, job).ConfigureAwait(false);
            return;
        }

        // The content type does not matter: RunPod's own worker names a form's.
        var body = await RequestBody.ReadAsync(http, limit).ConfigureAwait(false);
        if (body is null)
        {
            await BadRequestAsync(http, $"the result is larger than {limit >> 20} MiB").ConfigureAwait(false);
        }
        else if (WorkerPost.Read(body.Value) is not { } post)
        {
            await BadRequestAsync(http, "the result is no JSON object").ConfigureAwait(false);
        }
        else if (!plane.Accept(worker, job, post))
        {
            await Answers.UnknownJobAsync(http, job).ConfigureAwait(false);
        }
    }

    private async Task PieceAsync(HttpContext http)
    {
        var (worker, job) = (WorkerId(http), JobId(http));
        var body = await RequestBody.ReadAsync(http, Limits.Piece).ConfigureAwait(false);
        if (body is null)
        {
            await BadRequestAsync(http, "the piece of the stream is larger than 1 MiB").ConfigureAwait(false);
        }
        else if (WorkerPost.Read(body.Value)?.Output is not { } piece)
        {
            await BadRequestAsync(http, "the piece of the stream is no JSON object with an 'output'")
                .ConfigureAwait(false);
        }
        else if (!plane.AcceptPiece(worker, job, piece))
        {
            await Answers.UnknownJobAsync(http, job).ConfigureAwait(false);
        }
    }

    private Task PingAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var isUnhealthy = string.Equals(query["status"], "unhealthy", StringComparison.Ordinal);
        plane.Ping(
            WorkerId(http),
            query["job_id"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries),
            isUnhealthy ? $"{query["check"]}: {query["reason"]}" : null
        );
        return Task.CompletedTask;
    }

    private static void WriteJob(Utf8JsonWriter writer, EmulatedJob job)
    {
        writer.WriteString("id", job.Id);
        JobSnapshot.WriteRaw(writer, "input", job.Request.Input);
        JobSnapshot.WriteRaw(writer, "s3Config", job.Request.S3Config);
        if (job.Request.Webhook is { } webhook)
        {
            writer.WriteString("webhook", webhook.OriginalString);
        }
    }

    private static Task BadRequestAsync(HttpContext http, string problem) =>
        Answers.WriteErrorAsync(http, StatusCodes.Status400BadRequest, problem);

    private static string WorkerId(HttpContext http) => (string)http.GetRouteValue("worker")!;

    private static string JobId(HttpContext http) => (string)http.GetRouteValue("job")!;
}
