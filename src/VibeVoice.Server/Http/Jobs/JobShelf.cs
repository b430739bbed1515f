using VibeVoice.Server.Delivery;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>The jobs that there are, by their files.</summary>
/// <param name="store">Where; null where nothing outlives this worker.</param>
/// <param name="options">How many, and for how long.</param>
/// <param name="timeProvider">Tells their age.</param>
internal sealed class JobShelf(IJobStore? store, JobOptions options, TimeProvider timeProvider) : IDisposable
{
    /// <summary>Whether jobs can be kept at all.</summary>
    public bool IsThere => store is not null;

    public IJobStore Store => store ?? throw JobErrors.NoStore();

    public TimeSpan Retention => TimeSpan.FromDays(options.RetentionDays);

    private static readonly TimeSpan _beforeLookingAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>The bucket where one is set, else the volume where one is mounted or named, else nothing.</summary>
    public static JobShelf Create(IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var workspace = services.GetRequiredService<Workspace>();
        var logger = services.GetRequiredService<ILogger<BucketStore>>();
        IJobStore? store =
            S3Target.FromOptions(services.GetRequiredService<DeliveryOptions>()) is { } target
                ? new BucketStore(target, time, logger)
            : workspace.Warning is null ? new FolderStore(Path.Combine(workspace.Folder, "jobs"), time)
            : null;
        return new JobShelf(store, services.GetRequiredService<JobOptions>(), time);
    }

    /// <summary>Keeps a new job.</summary>
    /// <returns>
    /// False where it is there already. Then the request is not the given one but the one that is kept, which may be another.
    /// </returns>
    public async Task<(bool IsNew, KeptRequest Request)> AddAsync(
        string id,
        KeptRequest request,
        CancellationToken cancellationToken
    )
    {
        var json = KeptJson.Write(request);
        while (!await Store.TryCreateAsync(id, JobFiles.Request, json, cancellationToken))
        {
            if (await ReadAsync(id, JobFiles.Request, KeptJson.ReadRequest, cancellationToken) is { } kept)
            {
                return (false, kept);
            }
        }

        await Store.ListAsync(id, cancellationToken);
        return (true, request);
    }

    /// <summary>How many are not over.</summary>
    public async Task<int> CountOpenAsync(CancellationToken cancellationToken) =>
        (await Store.ReadListAsync(cancellationToken)).Count;

    /// <summary>Null where there is none.</summary>
    /// <exception cref="DamagedJobException">Its request cannot be read.</exception>
    public async Task<KeptRequest?> FindRequestAsync(string id, CancellationToken cancellationToken) =>
        JobId.IsOne(id) ? await ReadAsync(id, JobFiles.Request, KeptJson.ReadRequest, cancellationToken) : null;

    /// <summary>How far it has come.</summary>
    /// <exception cref="DamagedJobException">Its state cannot be read.</exception>
    public async Task<KeptState> ReadStateAsync(string id, CancellationToken cancellationToken) =>
        await ReadAsync(id, JobFiles.State, KeptJson.ReadState, cancellationToken) ?? new KeptState();

    public Task WriteStateAsync(string id, KeptState state, CancellationToken cancellationToken) =>
        Store.WriteAsync(id, JobFiles.State, KeptJson.Write(state), cancellationToken);

    /// <summary>Ends a job: writes how, then takes out its text, its parts and its place on the list.</summary>
    public async Task CloseAsync(string id, KeptRequest request, KeptState state, CancellationToken cancellationToken)
    {
        await WriteStateAsync(id, state, cancellationToken);
        await ClearAsync(id, request, state, cancellationToken);
    }

    /// <summary>The rest of that, for a job whose worker did not come to it.</summary>
    public async Task ClearAsync(string id, KeptRequest request, KeptState state, CancellationToken cancellationToken)
    {
        await Store.WriteAsync(id, JobFiles.Request, KeptJson.Write(request with { Text = null }), cancellationToken);
        await DeletePartsAsync(id, state, cancellationToken);
        await Store.UnlistAsync(id, cancellationToken);
    }

    public async Task DeletePartsAsync(string id, KeptState state, CancellationToken cancellationToken)
    {
        // One more than are known: it may have been written, and not yet been counted.
        for (var index = 0; index <= state.Parts.Count; index++)
        {
            await Store.DeleteAsync(id, JobFiles.Part(index), cancellationToken);
        }
    }

    /// <summary>Deletes jobs that are too old, whatever became of them.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ExpireAsync(CancellationToken cancellationToken)
    {
        var before = timeProvider.GetUtcNow() - Retention;
        var old = (await Store.ReadAllAsync(cancellationToken)).Where(job => job.MadeAt < before).ToList();
        foreach (var job in old)
        {
            await Store.RemoveAsync(job.Id, cancellationToken);
        }

        return old.Count;
    }

    public void Dispose() => store?.Dispose();

    /// <summary>Looks twice at what it cannot read: not every store replaces a file in one step, as S3 and a volume do.</summary>
    private async Task<T?> ReadAsync<T>(
        string id,
        string name,
        Func<byte[], T> parse,
        CancellationToken cancellationToken
    )
        where T : class
    {
        for (var isLast = false; ; isLast = true)
        {
            try
            {
                return await Store.ReadAsync(id, name, cancellationToken) is { } json ? parse(json) : null;
            }
            catch (DamagedJobException) when (!isLast)
            {
                await Task.Delay(_beforeLookingAgain, cancellationToken);
            }
        }
    }
}
