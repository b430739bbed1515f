namespace VibeVoice.Native;

/// <summary>Threads that share the pieces of one job after another with the thread that asks.</summary>
/// <remarks>
/// A frame is some hundred short jobs, so between two of them the threads spin; when no job came for a while they sleep.
/// One caller at a time.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    // A job takes 5 to 500 µs, and what the caller does alone between two of them less than 50.
    private static readonly long _spinTicks = System.Diagnostics.Stopwatch.Frequency / 5_000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);

    // Upper half: number of the job; lower half: pieces that nobody has taken. One word, so that a thread that comes late
    // never takes a piece of a job that it has not seen.
    private long _ticket;
    private int _unfinished;
    private int _sleeping;
    private int _isStopped;
    private IParallelJob? _job;
    private Exception? _error;

    /// <param name="threads">With the caller's; from 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _threads =
        [
            .. Enumerable
                .Range(1, threads - 1)
                .Select(number => new Thread(() => Work(number))
                {
                    IsBackground = true,
                    Name = $"VibeVoice engine {number}",
                }),
        ];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>With the caller's.</summary>
    public int Threads { get; }

    /// <summary>Runs all pieces; returns when they are done.</summary>
    public void Run(IParallelJob job, int pieces)
    {
        if (_threads.Length == 0 || pieces <= 1)
        {
            for (var piece = 0; piece < pieces; piece++)
            {
                job.Run(piece, 0);
            }

            return;
        }

        _job = job;
        Volatile.Write(ref _unfinished, pieces);
        var number = (uint)((ulong)_ticket >> 32) + 1;
        Interlocked.Exchange(ref _ticket, ((long)number << 32) | (uint)pieces);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            _wake.Release(Interlocked.Exchange(ref _sleeping, 0));
        }

        TakePieces(0);
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

    public void Dispose()
    {
        Volatile.Write(ref _isStopped, 1);
        _wake.Release(_threads.Length + 1);
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _wake.Dispose();
    }

    private void Work(int worker)
    {
        var idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var spins = 0; Volatile.Read(ref _isStopped) == 0; spins++)
        {
            if (TakePieces(worker))
            {
                idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
                spins = 0;
            }
            else if (System.Diagnostics.Stopwatch.GetTimestamp() - idleSince < _spinTicks)
            {
                Thread.SpinWait(8);
            }
            else
            {
                Sleep();
                idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
            }
        }
    }

    private void Sleep()
    {
        Interlocked.Increment(ref _sleeping);
        // A job that came before it was counted as sleeping would not wake it. Waking once too often does no harm.
        if ((uint)Volatile.Read(ref _ticket) == 0)
        {
            _wake.Wait();
        }
    }

    private bool TakePieces(int worker)
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

    private static void Pause(int spins)
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

/// <summary>Work in pieces that do not depend on each other.</summary>
internal interface IParallelJob
{
    /// <param name="piece">From 0.</param>
    /// <param name="worker">Which thread runs it, from 0; no two pieces run on one at a time.</param>
    void Run(int piece, int worker);
}
