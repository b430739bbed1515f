using System.Diagnostics;

namespace VibeVoice.Native;

/// <summary>Threads that share the pieces of one job after another with the thread that asks; two sequences of jobs at once.</summary>
/// <remarks>
/// A frame is some hundred short jobs, so between two of them the threads spin; when no job came for a while they sleep.
/// One caller at a time, but for what <see cref="RunBoth"/> calls.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    // A job takes 5 to 500 µs, and what the caller does alone between two of them less than 50.
    private static readonly long _spinTicks = Stopwatch.Frequency / 5_000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private Action? _aside; // until a thread takes it
    private int _isAsideDone;
    private int _sleeping;
    private int _isStopped;

    /// <param name="threads">With the caller's; from 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        Main = new WorkerLane(this);
        Side = new WorkerLane(this);
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

    /// <summary>Jobs of the caller.</summary>
    public WorkerLane Main { get; }

    /// <summary>Jobs of what runs beside the caller; its own, while nothing does.</summary>
    public WorkerLane Side { get; }

    /// <summary>
    /// Runs two things at once, each of which runs jobs: a thread for each, until one is over and its thread helps the other.
    /// With one thread, one after the other.
    /// </summary>
    /// <param name="side">Runs its jobs in <see cref="Side"/>; must not throw.</param>
    /// <param name="main">Runs its jobs in <see cref="Main"/>, on the caller's thread; must not throw.</param>
    public void RunBoth(Action side, Action main)
    {
        if (_threads.Length == 0)
        {
            side();
            main();
            return;
        }

        Volatile.Write(ref _isAsideDone, 0);
        Interlocked.Exchange(ref _aside, side); // a full fence, before who sleeps is asked for
        WakeSleepers();
        main();
        for (var spins = 0; Volatile.Read(ref _isAsideDone) == 0; spins++)
        {
            if (!TakeAside(0) && !Side.TakePieces(0))
            {
                WorkerLane.Pause(spins);
            }
        }

        Side.Caller = 0;
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

    public void WakeSleepers()
    {
        if (Volatile.Read(ref _sleeping) > 0)
        {
            _wake.Release(Interlocked.Exchange(ref _sleeping, 0));
        }
    }

    private void Work(int worker)
    {
        var idleSince = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref _isStopped) == 0)
        {
            if (TakeAside(worker) || Side.TakePieces(worker) || Main.TakePieces(worker))
            {
                idleSince = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetTimestamp() - idleSince < _spinTicks)
            {
                Thread.SpinWait(8);
            }
            else
            {
                Sleep();
                idleSince = Stopwatch.GetTimestamp();
            }
        }
    }

    private void Sleep()
    {
        Interlocked.Increment(ref _sleeping);
        // What came before it was counted as sleeping would not wake it. Waking once too often does no harm.
        if (!Main.HasPieces && !Side.HasPieces && Volatile.Read(ref _aside) is null)
        {
            _wake.Wait();
        }
    }

    private bool TakeAside(int worker)
    {
        if (Volatile.Read(ref _aside) is null || Interlocked.Exchange(ref _aside, null) is not { } aside)
        {
            return false;
        }

        Side.Caller = worker;
        aside();
        Volatile.Write(ref _isAsideDone, 1);
        return true;
    }
}
