using RunPod.Worker.Protocol;

namespace RunPod.Worker.Tests;

public sealed class UrlTests
{
    private const string Host = "https://api.runpod.ai/v2/ep";

    [Theory]
    [InlineData("/job-take/$ID?gpu=NVIDIA+RTX+A5000", "/job-take/pod-1?gpu=NVIDIA+RTX+A5000&job_in_progress=0")]
    [InlineData("/job-take/$ID", "/job-take/pod-1?job_in_progress=0")]
    [InlineData("/job-take/$ID?", "/job-take/pod-1?job_in_progress=0")]
    [InlineData("/job-take/$RUNPOD_POD_ID", "/job-take/pod-1?job_in_progress=0")]
    [InlineData("/job-take/$RUNPOD_POD_ID/$ID?a=b&", "/job-take/pod-1/pod-1?a=b&job_in_progress=0")]
    public void A_take_names_the_worker(string template, string expected) =>
        Urls(take: template).Take(wanted: 1, isJobInProgress: false).AbsoluteUri.ShouldBe(Host + expected);

    [Fact]
    public void A_take_of_several_asks_for_a_batch_and_says_that_a_job_is_in_progress() =>
        Urls(take: "/job-take/$ID?gpu=A")
            .Take(wanted: 3, isJobInProgress: true)
            .AbsoluteUri.ShouldBe(Host + "/job-take-batch/pod-1?gpu=A&batch_size=3&job_in_progress=1");

    [Fact]
    public void A_template_without_job_take_has_neither_batches_nor_a_stop_channel()
    {
        var urls = Urls(take: "/next/$ID");

        urls.Take(wanted: 3, isJobInProgress: false).AbsoluteUri.ShouldBe(Host + "/next/pod-1?job_in_progress=0");
        urls.Stop().ShouldBeNull();
    }

    [Fact]
    public void The_stop_channel_keeps_the_query_and_adds_nothing() =>
        Urls(take: "/job-take/$ID?gpu=A").Stop()!.AbsoluteUri.ShouldBe(Host + "/job-stop/pod-1?gpu=A");

    [Theory]
    [InlineData("/job-done/$RUNPOD_POD_ID/$ID?gpu=A+B", "j-1", "/job-done/pod-1/j-1?gpu=A+B&isStream=true")]
    [InlineData("/job-done/$RUNPOD_POD_ID/$ID", "j-1", "/job-done/pod-1/j-1?isStream=true")]
    [InlineData("/job-done/$ID", "a/b c", "/job-done/a%2Fb%20c?isStream=true")]
    [InlineData("/job-done/$ID?gpu=$RUNPOD_GPU_TYPE_ID", "j", "/job-done/j?gpu=NVIDIA%20L4&isStream=true")]
    public void A_result_names_the_job(string template, string jobId, string expected) =>
        Urls(result: template).Result(jobId, isStream: true).AbsoluteUri.ShouldBe(Host + expected);

    [Fact]
    public void A_stream_piece_is_not_the_end_of_the_stream() =>
        Urls(stream: "/job-stream/$RUNPOD_POD_ID/$ID?gpu=A")
            .Stream("j-1")
            .AbsoluteUri.ShouldBe(Host + "/job-stream/pod-1/j-1?gpu=A&isStream=false");

    [Theory]
    [InlineData("", "/ping/pod-1?runpod_version=1")]
    [InlineData("j-1", "/ping/pod-1?job_id=j-1&runpod_version=1")]
    [InlineData("c1,c2", "/ping/pod-1?job_id=c1%2Cc2&runpod_version=1")]
    public void A_ping_names_the_jobs_if_there_are_any(string jobIds, string expected) =>
        Urls(ping: "/ping/$RUNPOD_POD_ID")
            .Ping(jobIds.Split(',', StringSplitOptions.RemoveEmptyEntries), "1")
            .AbsoluteUri.ShouldBe(Host + expected);

    [Fact]
    public void A_list_of_ids_that_is_too_long_is_cut_between_two_of_them()
    {
        var ids = Enumerable.Range(10_000, 20_000).Select(number => $"job-{number}").ToList();

        var sent = Urls(ping: "/ping/$ID").Ping(ids, "1").Query.Split('=', '&')[1];

        var kept = Uri.UnescapeDataString(sent).Split(',');
        kept.ShouldBe(ids.Take(kept.Length));
        Uri.UnescapeDataString(sent).Length.ShouldBeInRange(65_500, 65_535);
    }

    private static RunPodUrls Urls(
        string take = "/job-take/$ID",
        string result = "/job-done/$ID",
        string stream = "/job-stream/$ID",
        string ping = "/ping/$ID"
    ) =>
        new(
            new RunPodWorkerOptions
            {
                TakeUrl = Host + take,
                ResultUrl = Host + result,
                StreamUrl = Host + stream,
                PingUrl = Host + ping,
                GpuTypeId = "NVIDIA L4",
            },
            workerId: "pod-1"
        );
}
