using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Testing.RunPod;

namespace RunPod.Worker.Tests;

public sealed class StreamTests
{
    [Fact]
    public async Task Pieces_arrive_in_order_and_the_end_says_that_it_was_a_stream()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, Stream(Enumerable.Range(0, 20).Select(n => $"{n}")));

        runPod.Enqueue("j-1");
        var result = await runPod.ResultOf("j-1");

        result.GetRawText().ShouldBe("""{"output":[]}""");
        runPod
            .PiecesOf("j-1")
            .Select(piece => piece.GetProperty("output").GetInt32())
            .ShouldBe(Enumerable.Range(0, 20));
        var posts = runPod.RequestsTo(RunPodRoute.Stream);
        posts[0].Target.ShouldBe("/v2/fake/job-stream/pod-1/j-1?gpu=NVIDIA+RTX+A5000&isStream=false");
        posts[0].Headers["Content-Type"].ShouldBe("application/x-www-form-urlencoded");
        var end = runPod.RequestsTo(RunPodRoute.Result).ShouldHaveSingleItem();
        end.Query.ShouldBe("gpu=NVIDIA+RTX+A5000&isStream=true");
        end.At.ShouldBeGreaterThan(posts[^1].At);
    }

    [Fact]
    public async Task A_piece_that_fails_is_sent_again_before_the_next()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Stream, new Fault.Status(500), new Fault.CloseBefore());
        await using var worker = TestWorker.Start(runPod, Stream(["1", "2", "3"]));

        runPod.Enqueue("j-1");
        await runPod.ResultOf("j-1");

        runPod.PiecesOf("j-1").Select(piece => piece.GetProperty("output").GetInt32()).ShouldBe([1, 2, 3]);
        runPod.RequestsTo(RunPodRoute.Stream).Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_piece_that_is_refused_fails_the_job_instead_of_leaving_a_hole()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        runPod.FaultNext(RunPodRoute.Stream, new Fault.Status(413));
        await using var worker = TestWorker.Start(runPod, Stream(["1", "2"]));

        runPod.Enqueue("j-1");

        (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!.ShouldContain("could not be delivered");
        runPod.PiecesOf("j-1").ShouldBeEmpty();
        worker.HasLogged(LogLevel.Error, "a stream piece").ShouldBeTrue();
    }

    [Fact]
    public async Task A_piece_over_a_megabyte_fails_the_job_with_its_size()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var large = $"\"{new string('x', 1024 * 1024)}\"";
        await using var worker = TestWorker.Start(runPod, Stream(["1", large, "3"]));

        runPod.Enqueue("j-1");

        var error = (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!;
        error.ShouldContain("Piece 2");
        error.ShouldContain("1048589 bytes");
        runPod.PiecesOf("j-1").Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_exception_in_the_stream_fails_the_job()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        await using var worker = TestWorker.Start(runPod, Stream(["1", "boom"]));

        runPod.Enqueue("j-1");

        (await runPod.ResultOf("j-1")).GetProperty("error").GetString()!.ShouldContain("The stream broke.");
        runPod.RequestsTo(RunPodRoute.Result)[0].Query.ShouldEndWith("isStream=true");
        runPod.PiecesOf("j-1").Count.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_place_for_pieces_they_are_collected()
    {
        await using var runPod = await FakeRunPod.StartAsync();
        var isSupported = true;
        var stream = Stream(["1", "\"two\""]);
        await using var worker = TestWorker.Start(
            runPod,
            (job, token) =>
            {
                isSupported = job.IsStreamSupported;
                return stream(job, token);
            },
            hasStream: false
        );

        runPod.Enqueue("j-1");

        (await runPod.ResultOf("j-1")).GetRawText().ShouldBe("""{"output":[1,"two"]}""");
        runPod.RequestsTo(RunPodRoute.Stream).ShouldBeEmpty();
        isSupported.ShouldBeFalse();
    }

    /// <summary>Streams from one buffer that is used again, as a handler may.</summary>
    internal static JobHandler Stream(IEnumerable<string> pieces) =>
        (_, _) => Task.FromResult(JobResult.FromStream(ProduceAsync(pieces, CancellationToken.None)));

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ProduceAsync(
        IEnumerable<string> pieces,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var buffer = new byte[2 * 1024 * 1024];
        foreach (var piece in pieces)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            if (piece is "boom")
            {
                throw new InvalidOperationException("The stream broke.");
            }

            yield return buffer.AsMemory(0, Encoding.UTF8.GetBytes(piece, buffer));
        }
    }
}
