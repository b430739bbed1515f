namespace VibeVoice.Native;

/// <summary>One sequence of jobs in a <see cref="WorkerPool"/>, whose free threads take pieces of them.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class WorkerLane(WorkerPool pool)
{
    // Upper half: number of the job; lower half: pieces that nobody has taken. One word, so that a thread that comes late
    // never takes a piece of a job that it has not seen.
    private long _ticket;
    private int _unfinished;
    private IParallelJob? _job;
    private Exception? _error;

    /// <summary>Of the pool.</summary>
    public int Threads => pool.Threads;

    /// <summary>Which thread calls <see cref="Run"/>.</summary>
    public int Caller { get; set; }

    public bool HasPieces => (uint)Volatile.Read(ref _ticket) > 0;

    /// <summary>Runs all pieces; returns when they are done.</summary>
    /// <exception cref="InvalidOperationException">A piece threw; what it threw is the inner exception.</exception>
    public void Run(IParallelJob job, int pieces)
    {
        if (Threads == 1 || pieces <= 1)
        {
            for (var piece = 0; piece < pieces; piece++)
            {
                job.Run(piece, Caller);
            }

            return;
        }

        _job = job;
        Volatile.Write(ref _unfinished, pieces);
        var number = (uint)((ulong)_ticket >> 32) + 1;
        Interlocked.Exchange(ref _ticket, ((long)number << 32) | (uint)pieces);
        pool.WakeSleepers();
        TakePieces(Caller);
        for (var spins = 0; Volatile.Read(ref _unfinished) > 0; spins++)
        {
            Pause(spins);
        }

        if (_error is { } error)
        {
            _error = null;
            throw new InvalidOperationException("A part of the model failed.", error);
        }
    }

    /// <summary>Runs pieces of the job that is asked for, until none is left.</summary>
    /// <param name="worker">Which thread this is.</param>
    /// <returns>Whether there was one.</returns>
    public bool TakePieces(int worker)
    {
        var hasTaken = false;
        for (var ticket = Volatile.Read(ref _ticket); (uint)ticket > 0; )
        {
            var seen = Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket);
            if (seen != ticket)
            {
                ticket = seen;
                continue;
            }

            // The job cannot end before this piece is done, so it is the one that the ticket was of.
            hasTaken = true;
            try
            {
                _job!.Run((int)(uint)ticket - 1, worker);
            }
#pragma warning disable CA1031 // Handed to the caller, whose thread it is not.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Volatile.Write(ref _error, exception);
            }

            Interlocked.Decrement(ref _unfinished);
            ticket = Volatile.Read(ref _ticket);
        }

        return hasTaken;
    }

    public static void Pause(int spins)
    {
        if (spins % 1024 == 1023)
        {
            Thread.Yield(); // the other thread may want this very core
        }
        else
        {
            Thread.SpinWait(4);
        }
    }
}
