using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Testing.Hub;
using Testing.S3;
using VibeVoice.Server.Diagnosis;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Diagnosis;

/// <summary>What can be wrong with hub, bucket and clock, each told by its check.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ServiceCheckTests(S3ServerFixture fixture) : CommandTest, IClassFixture<S3ServerFixture>
{
    private const string Secret = "open sesame";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hub_that_gives_the_model_is_asked_and_nothing_is_fetched()
    {
        await using var hub = await FakeHub.StartAsync(Token);
        var commit = TinyModel.AddTo(hub);
        var result = await DoctorStage.CheckAsync("hub", OfHub(hub));
        result.ShouldBe(
            CheckResult.Ok($"127.0.0.1 gives 'tiny/VibeVoice-Tiny' at commit {commit[..7]}: 2 MB to fetch.")
        );
        hub.Requests.ShouldAllBe(request => !request.IsStore);
        Directory.Exists(PathOf("volume")).ShouldBeFalse();
    }

    [Theory]
    [InlineData(
        401,
        null,
        "127.0.0.1 refuses to give 'tiny/VibeVoice-Tiny' (401): set HF_TOKEN to a token that may read it."
    )]
    [InlineData(403, "GatedRepo", "'tiny/VibeVoice-Tiny' is gated: accept its terms at ")]
    [InlineData(404, "RepoNotFound", "'tiny/VibeVoice-Tiny' is not on 127.0.0.1, or is private: check MODEL_PATH")]
    [InlineData(429, null, "answers no more requests for now (429)")]
    [InlineData(500, null, "127.0.0.1 answered 500")]
    public async Task A_hub_that_refuses_is_asked_once(int status, string? code, string part)
    {
        await using var hub = await FakeHub.StartAsync(Token);
        hub.On(_ => true, new HubFault { Status = status, ErrorCode = code });
        var result = await DoctorStage.CheckAsync("hub", [.. OfHub(hub), ("HF_TOKEN", "hf_secret")]);
        result.ShouldBeProblem(part);
        result.Message.ShouldNotContain("hf_secret");
        hub.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Terms_that_were_not_accepted_show_though_the_list_of_files_is_open()
    {
        await using var hub = await FakeHub.StartAsync(Token);
        TinyModel.AddTo(hub);
        hub.On(request => request.Method == "HEAD", new HubFault { Status = 403, ErrorCode = "GatedRepo" });
        (await DoctorStage.CheckAsync("hub", OfHub(hub))).ShouldBeProblem("is gated");
    }

    [Theory]
    [InlineData("hub")]
    [InlineData("bucket")]
    public async Task A_service_that_never_answers_is_given_up(string name)
    {
        using var hole = new TcpListener(IPAddress.Loopback, 0);
        hole.Start();
        var url = new Uri($"http://127.0.0.1:{((IPEndPoint)hole.LocalEndpoint).Port}");
        var settings = name == "hub" ? OfHub(url.AbsoluteUri) : OfBucket(url, "vibevoice");
        var result = await DoctorStage.CheckAsync(name, TimeSpan.FromSeconds(0.5), settings);
        result.ShouldBeProblem("It did not come to an end within 0.5 s. Check the network");
    }

    [Fact]
    public async Task A_bucket_that_works_is_left_as_it_was()
    {
        var server = await fixture.GetAsync(Token);
        await using var proxy = await S3Proxy.StartAsync(server.Url, Token);
        var target = S3Stage.TargetAt(proxy.Url);
        var result = await DoctorStage.CheckAsync("bucket", OfBucket(proxy.Url, target.Prefix));
        result.State.ShouldBe(CheckState.Ok, result.Message);
        result.Message.ShouldStartWith(
            $"A probe was written, read and deleted under '{target.Prefix}/' in bucket 'audio'"
        );
        proxy.Requests.Select(request => request.Operation).ShouldBe(["PutObject", "GetObject", "DeleteObject"]);
        proxy.Requests.ShouldAllBe(request =>
            request.Key.StartsWith($"{target.Prefix}/doctor-", StringComparison.Ordinal)
        );
        (await S3Stage.KeysAsync(target)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("PutObject", "Writing a probe")]
    [InlineData("GetObject", "Reading the probe back")]
    [InlineData("DeleteObject", "Deleting the probe")]
    public async Task A_bucket_that_refuses_one_of_the_three_is_told_which_and_is_cleaned(
        string operation,
        string action
    )
    {
        var server = await fixture.GetAsync(Token);
        await using var proxy = await S3Proxy.StartAsync(server.Url, Token);
        var target = S3Stage.TargetAt(proxy.Url);
        proxy.On(operation, S3Fault.Refusal(403, "AccessDenied", $"Not with {Secret}."), times: 1);
        var result = await DoctorStage.CheckAsync("bucket", OfBucket(proxy.Url, target.Prefix));
        result.ShouldBeProblem($"{action} failed: S3 answered AccessDenied (HTTP 403)");
        result.Message.ShouldContain("Check that the keys may");
        result.Message.ShouldNotContain(Secret);
        (await S3Stage.KeysAsync(target)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0, "Ok", "The clock is [0-9] s (ahead of|behind) that of 127.0.0.1[.]$")]
    [InlineData(
        -5,
        "Note",
        "The clock is (299|300|301) s ahead of that of 127.0.0.1; from 900 s on S3 refuses all requests."
    )]
    [InlineData(
        -20,
        "Problem",
        "The clock is 1,(199|200|201) s ahead of that of 127.0.0.1, but S3 refuses all requests from"
    )]
    [InlineData(20, "Problem", "The clock is 1,(199|200|201) s behind that of 127.0.0.1, but")]
    public async Task A_clock_is_compared_with_that_of_bucket_and_hub(int minutes, string state, string pattern)
    {
        await using var right = await ClockAsync(0);
        await using var other = await ClockAsync(minutes);
        var result = await DoctorStage.CheckAsync(
            "clock",
            [.. OfBucket(new Uri(other.Urls.Single()), "vibevoice"), ("HF_ENDPOINT", right.Urls.Single())]
        );
        result.State.ToString().ShouldBe(state, result.Message);
        result.Message.ShouldMatch($"^{pattern}");
    }

    private (string, string)[] OfHub(FakeHub hub) => OfHub(hub.Address);

    private (string, string)[] OfHub(string address) =>
        [
            ("VIBEVOICE_WORKSPACE", PathOf("volume")),
            ("MODEL_PATH", TinyModel.Id),
            ("HF_ENDPOINT", address),
            ("RUNPOD_MODEL_CACHE", PathOf("platform")),
        ];

    private static (string, string)[] OfBucket(Uri url, string prefix) =>
        [
            ("BUCKET_ENDPOINT_URL", url.AbsoluteUri),
            ("BUCKET_NAME", S3Server.Bucket),
            ("AWS_ACCESS_KEY_ID", S3Server.AccessKeyId),
            ("AWS_SECRET_ACCESS_KEY", Secret),
            ("S3_PREFIX", prefix),
        ];

    /// <summary>A server whose clock is some minutes ahead.</summary>
    private static async Task<WebApplication> ClockAsync(int minutes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        server.Run(context =>
        {
            context.Response.Headers.Date = DateTimeOffset.UtcNow.AddMinutes(minutes).ToString("r");
            return Task.CompletedTask;
        });
        await server.StartAsync(Token);
        return server;
    }
}
