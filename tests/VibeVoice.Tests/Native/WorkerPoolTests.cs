using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_piece_of_thousands_of_jobs_runs_once_and_none_of_another_job(int threads)
    {
        using var pool = new WorkerPool(threads);
        var random = new Random(threads);
        for (var job = 0; job < 5_000; job++)
        {
            var counted = new Counted(random.Next(0, 20));
            pool.Main.Run(counted, counted.Counts.Length);
            counted.Counts.ShouldAllBe(count => count == 1);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Threads_that_sleep_are_woken(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var job = 0; job < 40; job++)
        {
            // Longer than they spin; every other time they are on the way to sleep.
            Thread.Sleep(job % 4);
            var counted = new Counted(7);
            pool.Main.Run(counted, 7);
            counted.Counts.ShouldAllBe(count => count == 1);
        }
    }

    [Fact]
    public void A_job_whose_pieces_wait_for_each_other_ends_so_each_thread_works()
    {
        using var pool = new WorkerPool(3);
        Thread.Sleep(20); // all asleep
        using var meeting = new Barrier(3);

        pool.Main.Run(new Delegated((_, _) => meeting.SignalAndWait(TimeSpan.FromSeconds(30)).ShouldBeTrue()), 3);
    }

    [Fact]
    public void No_two_pieces_run_on_one_worker_at_a_time()
    {
        using var pool = new WorkerPool(4);
        var busy = new int[4];
        for (var job = 0; job < 200; job++)
        {
            pool.Main.Run(
                new Delegated(
                    (_, worker) =>
                    {
                        Interlocked.Increment(ref busy[worker]).ShouldBe(1);
                        Thread.SpinWait(20);
                        Interlocked.Decrement(ref busy[worker]);
                    }
                ),
                16
            );
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void What_a_piece_throws_reaches_the_caller_and_the_pool_goes_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var failing = 0; failing < 8; failing++)
        {
            var error = Should.Throw<Exception>(() =>
                pool.Main.Run(
                    new Delegated((piece, _) => _ = piece == failing ? throw new TimeoutException("late") : piece),
                    8
                )
            );
            (error as TimeoutException ?? error.InnerException).ShouldBeOfType<TimeoutException>();
            var counted = new Counted(8);
            pool.Main.Run(counted, 8);
            counted.Counts.ShouldAllBe(count => count == 1);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Two_sequences_at_once_run_every_piece_once_and_no_worker_runs_two(int threads)
    {
        using var pool = new WorkerPool(threads);
        var busy = new int[threads];
        for (var round = 0; round < 300; round++)
        {
            if (round % 50 == 49)
            {
                Thread.Sleep(2); // asleep, or on the way
            }

            var counts = new int[2];
            var random = new Random(round);
            var (side, main) = (random.Next(0, 12), random.Next(0, 12));
            pool.RunBoth(() => Run(pool.Side, side, 0), () => Run(pool.Main, main, 1));
            Run(pool.Side, 1, 0); // the caller's again
            (counts[0], counts[1]).ShouldBe(((side * 7) + 7, main * 7));

            void Run(WorkerLane lane, int jobs, int which)
            {
                for (var job = 0; job < jobs; job++)
                {
                    lane.Run(new Delegated((_, worker) => Count(which, worker)), 7);
                }
            }

            void Count(int which, int worker)
            {
                Interlocked.Increment(ref busy[worker]).ShouldBe(1);
                Thread.SpinWait(20);
                Interlocked.Increment(ref counts[which]);
                Interlocked.Decrement(ref busy[worker]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void What_a_piece_of_one_sequence_throws_does_not_reach_the_other(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var round = 0; round < 50; round++)
        {
            Exception? error = null;
            var counted = new Counted(20);
            pool.RunBoth(
                () =>
                    error = Record.Exception(() =>
                        pool.Side.Run(new Delegated((_, _) => throw new TimeoutException("late")), 5)
                    ),
                () => pool.Main.Run(counted, 20)
            );

            (error as TimeoutException ?? error?.InnerException).ShouldBeOfType<TimeoutException>();
            counted.Counts.ShouldAllBe(count => count == 1);
        }
    }

    [Fact]
    public void A_pool_can_be_disposed_at_once_and_when_it_sleeps()
    {
        for (var threads = 1; threads <= 4; threads++)
        {
            new WorkerPool(threads).Dispose();
            using var pool = new WorkerPool(threads);
            Thread.Sleep(5);
        }

        Should.Throw<ArgumentOutOfRangeException>(() => new WorkerPool(0));
    }

    private sealed class Counted(int pieces) : IParallelJob
    {
        public int[] Counts { get; } = new int[pieces];

        public void Run(int piece, int worker) => Interlocked.Increment(ref Counts[piece]);
    }

    private sealed class Delegated(Action<int, int> run) : IParallelJob
    {
        public void Run(int piece, int worker) => run(piece, worker);
    }
}
