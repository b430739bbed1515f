using System.Diagnostics;
using RunPod.Worker;

namespace EchoWorker;

/// <summary>Does what its input says: for trying a worker, and for measuring one.</summary>
internal sealed class EchoHandler : IJobHandler<EchoInput, EchoOutput>
{
    public async Task<EchoOutput> HandleAsync(EchoInput input, JobContext job, CancellationToken cancellationToken)
    {
        if (input.Stream is not null)
        {
            throw new JobFailedException("'stream' needs a worker that was started with ECHO_STREAM=1.");
        }

        await WorkAsync(input, job, cancellationToken);
        return input.Bytes is { } bytes
            ? new EchoOutput { Data = new string('x', bytes) }
            : new EchoOutput { Echo = input.Echo };
    }

    /// <summary>Reports, waits, burns and fails as told.</summary>
    public static async Task WorkAsync(EchoInput input, JobContext job, CancellationToken cancellationToken)
    {
        for (var step = 1; step <= input.Progress; step++)
        {
            job.ReportProgress(step);
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
        }

        if (input.SleepMs > 0)
        {
            await Task.Delay(input.SleepMs, cancellationToken);
        }

        var spinning = Stopwatch.StartNew();
        while (spinning.ElapsedMilliseconds < input.SpinMs)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (input.Fail is { } text)
        {
            throw new InvalidOperationException(text);
        }
    }
}
