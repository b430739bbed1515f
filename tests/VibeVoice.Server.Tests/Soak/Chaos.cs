using Testing.Programs;
using Testing.RunPod;
using Testing.S3;

namespace VibeVoice.Server.Tests.Soak;

/// <summary>What goes wrong around a worker, all at once: its tools, its bucket, its platform.</summary>
internal static class Chaos
{
    private const int Sigkill = 9;

    /// <summary>Kills one of the program's tools about every second.</summary>
    public static async Task<int> KillToolsAsync(RunningProgram program, CancellationToken ended)
    {
        var random = new Random(2);
        var killed = 0;
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(random.Next(400, 1600), ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var tools = program.Children.Where(child => child.Name is "ffmpeg" or "espeak-ng").ToList();
            if (tools.Count > 0 && ProcessTable.Signal(tools[random.Next(tools.Count)].Id, Sigkill))
            {
                killed++;
            }
        }

        return killed;
    }

    /// <summary>Lets a share of the requests to the bucket fail, at every step and in every way.</summary>
    public static void DisturbBucket(S3Proxy proxy)
    {
        // The proxy asks its rules under a lock, so they may share this.
        var random = new Random(3);
        string[] steps = ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];
        foreach (var step in steps)
        {
            proxy.On(step, S3Fault.Refusal(503, "SlowDown"), where: _ => random.Next(100) < 10);
            proxy.On(step, new S3Fault { CutsRequest = true }, where: _ => random.Next(100) < 4);
            proxy.On(step, new S3Fault { CutsAnswer = true }, where: _ => random.Next(100) < 4);
            proxy.On(step, S3Fault.Refusal(403, "AccessDenied"), where: _ => random.Next(100) < 3);
        }

        proxy.On("DeleteObject", S3Fault.Refusal(503, "SlowDown"), where: _ => random.Next(100) < 10);
        proxy.On("AbortMultipartUpload", S3Fault.Refusal(503, "SlowDown"), where: _ => random.Next(100) < 10);
    }

    /// <summary>Lets a share of the next requests to the platform fail before anything is accepted.</summary>
    public static void DisturbPlatform(FakeRunPod runPod, int seed)
    {
        var random = new Random(seed);
        runPod.FaultNext(RunPodRoute.Result, [.. Faults(share: 8, count: 60)]);
        runPod.FaultNext(RunPodRoute.Stream, [.. Faults(share: 5, count: 60)]);
        runPod.FaultNext(RunPodRoute.Take, [.. Faults(share: 4, count: 30)]);
        runPod.FaultNext(RunPodRoute.Ping, [.. Faults(share: 20, count: 60)]);

        IEnumerable<Fault> Faults(int share, int count) =>
            Enumerable
                .Range(0, count)
                .Select(_ =>
                    random.Next(100) >= share ? new Fault.Delay(TimeSpan.Zero)
                    : random.Next(2) == 0 ? new Fault.Status(503)
                    : (Fault)new Fault.CloseBefore()
                );
    }
}
