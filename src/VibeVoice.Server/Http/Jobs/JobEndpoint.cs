using System.Security.Cryptography;
using VibeVoice.Server.Http.Jobs.Storage;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>The routes of jobs: make one, ask how far it is, fetch its audio, stop and delete it.</summary>
internal sealed class JobEndpoint(
    JobShelf shelf,
    JobRunner runner,
    JobBodyReader reader,
    ServerState server,
    HttpOptions http,
    JobOptions options,
    TimeProvider timeProvider
)
{
    private const string IdempotencyKey = "Idempotency-Key";

    /// <summary>When a client should ask again, in seconds.</summary>
    private const string AskAgain = "2";

    /// <summary>A job that nobody has begun by then may have lost its place on the list.</summary>
    private static readonly TimeSpan _relistAfter = TimeSpan.FromSeconds(30);

    public Task PostAsync(HttpContext context) =>
        GuardAsync(async () =>
        {
            using var running = server.Enter();
            var cancellationToken = context.RequestAborted;
            var store = shelf.Store;
            var ownerKey = OwnerKeyOf(context.Request);
            var idempotencyKey = ReadIdempotencyKey(context.Request);
            var (body, hash) = await reader.ReadAsync(context.Request, cancellationToken);
            var id = idempotencyKey is null ? JobId.New() : JobId.Of(ownerKey ?? "", idempotencyKey);
            if (idempotencyKey is null || await shelf.FindRequestAsync(id, cancellationToken) is null)
            {
                await EnsureRoomAsync(cancellationToken);
            }

            var owner = JobId.HashOwner(id, ownerKey);
            var wanted = KeptRequest.Of(body.Request, owner, hash, timeProvider.GetUtcNow(), body.Ignored);
            var (isNew, request) = await shelf.AddAsync(id, wanted, cancellationToken);
            if (request.BodySha256 != hash)
            {
                throw JobErrors.KeyReused();
            }

            var state = isNew ? new KeptState() : await StateAsync(id, cancellationToken);
            runner.Nudge();
            context.Response.StatusCode = isNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK;
            context.Response.Headers.Location = $"{JobRoutes.Path}/{id}";
            await AnswerAsync(context, JobResource.Of(id, request, state, shelf.Retention, store));
        });

    public Task GetAsync(HttpContext context, string id) =>
        GuardAsync(async () =>
        {
            var (request, state) = await FindAsync(context, id);
            if (!state.IsOver)
            {
                await LookAfterAsync(id, request, state, context.RequestAborted);
            }

            await AnswerAsync(context, JobResource.Of(id, request, state, shelf.Retention, shelf.Store));
        });

    public Task GetAudioAsync(HttpContext context, string id) =>
        GuardAsync(async () =>
        {
            var (request, state) = await FindAsync(context, id);
            if (state.Status != JobStatus.Done)
            {
                throw JobErrors.NotDone(state.Status);
            }

            var name = JobFiles.Audio(request.KnownFormat);
            if (shelf.Store.Presign(id, name) is { } file)
            {
                context.Response.Redirect(file.Url);
                context.Response.ContentType = request.KnownFormat.ContentType;
                return;
            }

            // Disposed by the result.
            var audio =
                await shelf.Store.OpenAsync(id, name, context.RequestAborted)
                ?? throw new DamagedJobException("its audio is gone");
            context.Response.Headers["X-VibeVoice-AI-Generated"] = "true";
            context.Response.Headers.CacheControl = "private, no-store";
            await Results
                .File(audio, request.KnownFormat.ContentType, enableRangeProcessing: true)
                .ExecuteAsync(context);
            if (context.Response is { StatusCode: StatusCodes.Status416RangeNotSatisfiable, HasStarted: false })
            {
                context.Response.ContentLength = null; // it was that of no body
                throw JobErrors.BadRange(context.Request.Headers.Range.ToString());
            }
        });

    public Task DeleteAsync(HttpContext context, string id) =>
        GuardAsync(async () =>
        {
            var status = await FindStatusAsync(context, id);
            await runner.CancelAsync(id);
            await shelf.Store.RemoveAsync(id, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(
                new DeletedJob(id, "audio.job", JobResource.NameOf(status), Deleted: true),
                JobsJson.Default.DeletedJob
            );
        });

    /// <summary>How it ended; a job whose state cannot be read can be deleted all the same.</summary>
    private async Task<JobStatus> FindStatusAsync(HttpContext context, string id)
    {
        try
        {
            var (_, state) = await FindAsync(context, id);
            return state.IsOver ? state.Status : JobStatus.Cancelled;
        }
        catch (DamagedJobException)
        {
            return JobStatus.Cancelled;
        }
    }

    private async Task<(KeptRequest Request, KeptState State)> FindAsync(HttpContext context, string id)
    {
        _ = shelf.Store; // 503 comes before 404
        var request = await shelf.FindRequestAsync(id, context.RequestAborted);
        if (request is null || !IsOwner(request, id, OwnerKeyOf(context.Request)))
        {
            throw JobErrors.NotFound(id);
        }

        return (request, await StateAsync(id, context.RequestAborted));
    }

    private async Task<KeptState> StateAsync(string id, CancellationToken cancellationToken) =>
        runner.StateOf(id) ?? await shelf.ReadStateAsync(id, cancellationToken);

    /// <summary>Whoever asks keeps a worker alive, which may as well work.</summary>
    private async Task LookAfterAsync(
        string id,
        KeptRequest request,
        KeptState state,
        CancellationToken cancellationToken
    )
    {
        if (state.Status == JobStatus.Queued && timeProvider.GetUtcNow() - request.CreatedAt > _relistAfter)
        {
            await shelf.Store.ListAsync(id, cancellationToken);
        }

        runner.Nudge();
    }

    private async Task EnsureRoomAsync(CancellationToken cancellationToken)
    {
        var open = await shelf.CountOpenAsync(cancellationToken);
        if (open >= options.MostOpen)
        {
            throw JobErrors.TooMany(open, runner.UntilNextIsDone);
        }
    }

    private static async Task AnswerAsync(HttpContext context, JobResource job)
    {
        if (job.FinishedAt is null)
        {
            context.Response.Headers.RetryAfter = AskAgain;
        }

        context.Response.Headers.CacheControl = "no-store";
        await context.Response.WriteAsJsonAsync(job, JobsJson.Default.JobResource);
    }

    /// <summary>Null where no keys are needed: then whoever knows the id is the owner.</summary>
    private string? OwnerKeyOf(HttpRequest request) => http.Keys.Count > 0 ? KeyGuard.KeyOf(request) : null;

    private static bool IsOwner(KeptRequest request, string id, string? ownerKey) =>
        CryptographicOperations.FixedTimeEquals(
            TextEncoding.ASCII.GetBytes(request.Owner),
            TextEncoding.ASCII.GetBytes(JobId.HashOwner(id, ownerKey))
        );

    private static string? ReadIdempotencyKey(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(IdempotencyKey, out var values))
        {
            return null;
        }

        var key = values.ToString();
        return key.Length is >= 1 and <= 255 && key.All(character => character is > ' ' and < '\x7f')
            ? key
            : throw JobErrors.BadIdempotencyKey();
    }

    private static async Task GuardAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (JobStoreException failure)
        {
            throw JobErrors.StoreFailed(failure.Message);
        }
        catch (DamagedJobException damage)
        {
            throw JobErrors.Damaged(damage);
        }
    }
}
