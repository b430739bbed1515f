using System.Collections.Concurrent;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Queue;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>
/// Takes up jobs that nobody works at, while this worker has slots that no request wants: its own, and those that others left.
/// </summary>
/// <remarks>Of several slots one is kept free for requests: a job holds its slot to the end of a chunk.</remarks>
internal sealed partial class JobRunner(
    JobTools tools,
    QueueOptions queue,
    ServerState server,
    ILogger<JobRunner> logger
) : IAsyncDisposable
{
    /// <summary>How long a job is left alone after the store failed under it.</summary>
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan _betweenExpiries = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Entry> _runs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _resting = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _nudges = new(0);
    private Task _running = Task.CompletedTask;
    private long? _expired;
    private string? _told;

    private int MostAtOnce => Math.Max(1, queue.Concurrency - 1);

    /// <summary>Begins to look for jobs, as soon as the server can speak.</summary>
    public void Start()
    {
        if (tools.Shelf.IsThere)
        {
            _running = Task.Run(LoopAsync);
        }
    }

    /// <summary>Looks for jobs now.</summary>
    public void Nudge()
    {
        if (_nudges.CurrentCount == 0)
        {
            _nudges.Release();
        }
    }

    /// <summary>How far a job is that runs here; null for others, and for one that is over, whose files tell all.</summary>
    public KeptState? StateOf(string id) =>
        _runs.TryGetValue(id, out var entry) && entry.Run.State is { IsOver: false } state ? state : null;

    /// <summary>When the first of the jobs that run here is done, by its pace so far; a minute where that tells nothing.</summary>
    public TimeSpan UntilNextIsDone =>
        _runs
            .Values.Select(entry => entry.Run.Remaining)
            .OfType<TimeSpan>()
            .DefaultIfEmpty(TimeSpan.FromMinutes(1))
            .Min();

    /// <summary>Stops a job that runs here, within one frame; comes back when it has stopped.</summary>
    public async Task CancelAsync(string id)
    {
        if (_runs.TryGetValue(id, out var entry))
        {
            entry.IsRemoved = true;
            try
            {
                await entry.Stop.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended.
            }

            await entry.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Stops all of them and gives them back; the parts that are kept stay.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_runs.Values.Select(entry => entry.Task))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _nudges.Dispose();
    }

    private async Task LoopAsync()
    {
        await server.Ready.WaitAsync(_stop.Token);
        while (true)
        {
            var (left, wantsSlot) = (tools.Slots.NextLeave, false);
            try
            {
                await ExpireAsync(_stop.Token);
                wantsSlot = await TakeUpAsync(_stop.Token);
                _told = null;
            }
            catch (JobStoreException failure)
            {
                Tell(failure.Message);
            }
#pragma warning disable CA1031 // The loop must outlive whatever one look at the store brings up; it is logged whole.
            catch (Exception exception) when (!_stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                tools.Failures.Describe(exception);
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            var nudged = _nudges.WaitAsync(either.Token);
            var due = Task.Delay(tools.Shelf.Store.ScanInterval, tools.TimeProvider, either.Token);
            await (wantsSlot ? Task.WhenAny(nudged, due, left) : Task.WhenAny(nudged, due));
            await either.CancelAsync();
            _stop.Token.ThrowIfCancellationRequested();
        }
    }

    /// <returns>Whether there may be jobs for the next slot that is given back.</returns>
    private async Task<bool> TakeUpAsync(CancellationToken cancellationToken)
    {
        if (_runs.Count >= MostAtOnce)
        {
            return false; // the end of one of them is told
        }

        if (tools.Slots.Waiting > 0)
        {
            return true;
        }

        foreach (var id in await tools.Shelf.Store.ReadListAsync(cancellationToken))
        {
            if (_runs.ContainsKey(id) || IsResting(id))
            {
                continue;
            }

            if (_runs.Count >= MostAtOnce)
            {
                return false;
            }

            // Before the lease, which would keep others from a job that waits here.
            if (!HasIdleSlot())
            {
                return true;
            }

            await TryTakeUpAsync(id, cancellationToken);
        }

        return false;
    }

    private bool HasIdleSlot()
    {
        using var slot = tools.Slots.TryEnterIdle(0);
        return slot is not null;
    }

    private async Task TryTakeUpAsync(string id, CancellationToken cancellationToken)
    {
        IJobLease? lease = null;
        try
        {
            lease = await tools.Shelf.Store.TryLeaseAsync(id, cancellationToken);
            if (lease is null)
            {
                await UnlistRemovedAsync(id, cancellationToken);
                return;
            }

            // After the lease, whose finding may take seconds: a request must not wait for that. A job that has a lease and no
            // slot would be kept from others.
            if (
                await OpenAsync(id, lease, cancellationToken) is not { } run
                || tools.Slots.TryEnterIdle(0) is not { } slot
            )
            {
                return;
            }

            var entry = new Entry(run, CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, lease.Lost));
            _runs[id] = entry;
            entry.Task = RunAsync(id, entry, lease, slot);
            lease = null;
        }
        finally
        {
            if (lease is not null)
            {
                await lease.DisposeAsync();
            }
        }
    }

    /// <summary>Reads what there is; null where there is nothing to do, or nothing that can be read.</summary>
    private async Task<JobRun?> OpenAsync(string id, IJobLease lease, CancellationToken cancellationToken)
    {
        try
        {
            if (await tools.Shelf.FindRequestAsync(id, cancellationToken) is not { } request)
            {
                await tools.Shelf.Store.UnlistAsync(id, cancellationToken);
                return null;
            }

            var state = await tools.Shelf.ReadStateAsync(id, cancellationToken);
            if (!state.IsOver && request.Text is not null)
            {
                return new JobRun(id, request, state, lease, tools);
            }

            await tools.Shelf.ClearAsync(id, request, state, cancellationToken);
            return null;
        }
        catch (DamagedJobException damage)
        {
            // It stays, for its owner to delete or its age; looked at again it would be no better.
            Log.Damaged(logger, id, damage.Message);
            await tools.Shelf.Store.UnlistAsync(id, cancellationToken);
            return null;
        }
        catch (Speech.SpeechFailedException failure)
        {
            // Another worker may have the voice.
            Log.CannotSpeak(logger, id, failure.Message);
            _resting[id] = tools.TimeProvider.GetTimestamp();
            return null;
        }
    }

    /// <summary>A job that was removed by halves has no folder, and so no lease.</summary>
    private async Task UnlistRemovedAsync(string id, CancellationToken cancellationToken)
    {
        if (await tools.Shelf.Store.ReadAsync(id, JobFiles.Request, cancellationToken) is null)
        {
            await tools.Shelf.Store.UnlistAsync(id, cancellationToken);
        }
    }

    private async Task RunAsync(string id, Entry entry, IJobLease lease, SpeechSlot slot)
    {
        // Not in the loop's own time.
        await Task.Yield();
        var stop = entry.Stop.Token;
        try
        {
            Log.Begun(logger, id, entry.Run.State.Parts.Count);
            await entry.Run.RunAsync(slot, stop);
            Log.Ended(logger, id, entry.Run.State.Status, entry.Run.State.Parts.Count);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await LeaveAsync(id, entry, lease);
        }
        catch (JobStoreException failure)
        {
            Tell(failure.Message);
            _resting[id] = tools.TimeProvider.GetTimestamp();
        }
#pragma warning disable CA1031 // The boundary of a job: whatever gets here is a bug, and logged whole.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            tools.Failures.Describe(exception);
            _resting[id] = tools.TimeProvider.GetTimestamp();
        }
        finally
        {
            await lease.DisposeAsync();
            _runs.TryRemove(id, out _);
            entry.Stop.Dispose();
            Nudge();
        }
    }

    private async Task LeaveAsync(string id, Entry entry, IJobLease lease)
    {
        try
        {
            if (entry.IsRemoved)
            {
                return; // by who stopped it
            }

            if (!lease.Lost.IsCancellationRequested)
            {
                await entry.Run.GiveBackAsync(CancellationToken.None);
                Log.GivenBack(logger, id, entry.Run.State.Parts.Count);
                return;
            }

            Log.Lost(logger, id);
            if (await tools.Shelf.Store.ReadAsync(id, JobFiles.Request, CancellationToken.None) is null)
            {
                // Deleted by way of another worker: what was written here since then goes, too.
                await tools.Shelf.Store.RemoveAsync(id, CancellationToken.None);
            }
        }
        catch (JobStoreException failure)
        {
            Tell(failure.Message);
        }
    }

    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        if (_expired is { } last && tools.TimeProvider.GetElapsedTime(last) < _betweenExpiries)
        {
            return;
        }

        _expired = tools.TimeProvider.GetTimestamp();
        if (await tools.Shelf.ExpireAsync(cancellationToken) is > 0 and var count)
        {
            Log.Expired(logger, count, tools.Shelf.Retention.Days);
        }
    }

    private bool IsResting(string id)
    {
        if (!_resting.TryGetValue(id, out var since))
        {
            return false;
        }

        if (tools.TimeProvider.GetElapsedTime(since) < _rest)
        {
            return true;
        }

        _resting.TryRemove(id, out _);
        return false;
    }

    /// <summary>Says the same once, until all is well again.</summary>
    private void Tell(string failure)
    {
        if (Interlocked.Exchange(ref _told, failure) != failure)
        {
            Log.StoreFailed(logger, failure);
        }
    }

    private sealed class Entry(JobRun run, CancellationTokenSource stop)
    {
        public JobRun Run { get; } = run;

        public CancellationTokenSource Stop { get; } = stop;

        public Task Task { get; set; } = Task.CompletedTask;

        public bool IsRemoved { get; set; }
    }
}
