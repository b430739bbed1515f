using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using RunPod.Worker.Health;
using RunPod.Worker.Jobs;
using RunPod.Worker.Protocol;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

[Collection(ProcessesCollection.Name)]
public sealed class HeartbeatTests
{
    [Fact]
    public async Task The_first_ping_comes_at_once_and_names_no_jobs()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, TestWorker.Echo);

        await FakeRunPod.WaitForAsync(
            () => runPod.RequestsTo(RunPodRoute.Ping).Count == 1,
            "the ping",
            TimeSpan.FromSeconds(2)
        );

        var ping = runPod.RequestsTo(RunPodRoute.Ping)[0];
        ping.Method.ShouldBe("GET");
        ping.Target.ShouldMatch(@"^/v2/fake/ping/pod-1\?runpod_version=\d+\.\d+\.\d+$");
        ping.Headers["Authorization"].ShouldBe("rpa_FAKE");
    }

    [Fact]
    public async Task Pings_name_every_job_that_runs_or_waits_and_go_on_while_the_worker_drains()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        using var release = new SemaphoreSlim(0);
        await using var worker = TestWorker.Start(
            runPod,
            async (_, token) =>
            {
                await release.WaitAsync(token);
                return TestWorker.Json("1");
            },
            options => options with { PingInterval = TimeSpan.FromMilliseconds(50) }
        );
        runPod.EnqueueRaw("""[{"id":"c1","input":1},{"id":"c2","input":1}]""");
        await WaitForPing("job_id=c1%2Cc2");

        worker.Stop();
        var before = runPod.RequestsTo(RunPodRoute.Ping).Count;
        await FakeRunPod.WaitForAsync(() => runPod.RequestsTo(RunPodRoute.Ping).Count > before + 3, "more pings");
        release.Release(2);

        (await worker.Ended).ShouldBe(0);

        Task WaitForPing(string part) =>
            FakeRunPod.WaitForAsync(
                () => runPod.RequestsTo(RunPodRoute.Ping).Any(ping => ping.Query.Contains(part)),
                part
            );
    }

    [Fact]
    public async Task A_ping_that_fails_is_tried_again_and_trouble_is_logged()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Ping, new Fault.Status(500), new Fault.CloseBefore(), new Fault.Status(503));
        await using var worker = TestWorker.Start(
            runPod,
            TestWorker.Echo,
            options => options with { PingInterval = TimeSpan.FromMilliseconds(80) }
        );

        await FakeRunPod.WaitForAsync(
            () => worker.HasLogged(LogLevel.Information, "The heartbeat is back."),
            "the recovery"
        );

        worker.Logs.Count(line => line.Message.Contains("A heartbeat failed: RunPod answered 503")).ShouldBe(1);
    }

    [Theory]
    [InlineData("RUNPOD_WEBHOOK_PING")]
    [InlineData("RUNPOD_AI_API_KEY")]
    [InlineData("RUNPOD_POD_ID")]
    public void Without_where_to_or_as_whom_there_is_no_heartbeat_but_a_warning(string missing)
    {
        var all = new RunPodWorkerOptions
        {
            PingUrl = "http://127.0.0.1:1/",
            ApiKey = "k",
            WorkerId = "w",
        };
        var options = missing switch
        {
            "RUNPOD_WEBHOOK_PING" => all with { PingUrl = null },
            "RUNPOD_AI_API_KEY" => all with { ApiKey = null },
            _ => all with { WorkerId = null },
        };
        var logger = new FakeLogger();

        Heartbeat
            .Start(options, new RunPodUrls(options, "w"), NoJobs(), new TaskCompletionSource(), logger)
            .ShouldBeNull();

        logger.LatestRecord.Level.ShouldBe(LogLevel.Warning);
        logger.LatestRecord.Message.ShouldEndWith($"not set: {missing}.");
    }

    [Fact]
    public void The_heart_beats_while_every_thread_of_the_pool_is_blocked()
    {
        using var server = new PingServer();
        var options = new RunPodWorkerOptions
        {
            PingUrl = $"http://127.0.0.1:{server.Port}/ping/$RUNPOD_POD_ID",
            ApiKey = "k",
            WorkerId = "pod-1",
            PingInterval = TimeSpan.FromMilliseconds(100),
        };
        var release = new ManualResetEventSlim(); // not disposed: pool threads may still be in it
        for (var item = 0; item < 500; item++)
        {
            ThreadPool.QueueUserWorkItem(_ => release.Wait());
        }

        try
        {
            using var heartbeat = Heartbeat.Start(
                options,
                new RunPodUrls(options, "pod-1"),
                NoJobs(),
                new TaskCompletionSource(),
                NullLogger.Instance
            );
            Thread.Sleep(1500);

            ThreadPool.PendingWorkItemCount.ShouldBeGreaterThan(100); // or the pool was not blocked at all
            server.Pings.ShouldBeInRange(8, 16);
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public void A_host_that_accepts_nothing_costs_no_more_than_the_limit()
    {
        using var full = new Socket(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var port = ((IPEndPoint)full.LocalEndPoint!).Port;
        using var first = new TcpClient("127.0.0.1", port); // fills the queue, so that the next one hangs
        using var second = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            second.Connect(IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            // Under way, for good.
        }

        var watch = System.Diagnostics.Stopwatch.StartNew();
        var error = Should.Throw<Exception>(() =>
            PingConnection.Get(new Uri($"http://127.0.0.1:{port}/"), "k", "test", TimeSpan.FromMilliseconds(300))
        );

        (error is SocketException or IOException).ShouldBeTrue();
        watch.Elapsed.ShouldBeInRange(TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(1500));
    }

    private static JobSlots NoJobs() => new(concurrency: 1, _ => Task.CompletedTask);

    /// <summary>Answers pings on a thread of its own, since the pool is blocked.</summary>
    private sealed class PingServer : IDisposable
    {
        private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
        private volatile int _pings;

        public PingServer()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
            new Thread(Serve) { IsBackground = true }.Start();
        }

        public int Port { get; }

        public int Pings => _pings;

        public void Dispose() => _listener.Dispose();

        private void Serve()
        {
            var request = new byte[4096];
            try
            {
                while (true)
                {
                    using var client = _listener.Accept();
                    client.Receive(request);
                    client.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);
                    _pings++;
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Disposed, while it waited or just before.
            }
        }
    }
}
