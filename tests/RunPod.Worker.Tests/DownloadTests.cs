using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Tests;

public sealed class DownloadTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("downloads-").FullName;
    private readonly List<string> _asked = [];
    private WebApplication _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("/voice.wav?x=1", "voice.wav", ".wav")]
    [InlineData("/named", "clip.MP3", ".MP3")]
    [InlineData("/evil", "passwd", "")]
    [InlineData("/redirect/3", "voice.wav", ".wav")]
    public async Task A_file_is_saved_under_a_name_of_its_own(string path, string name, string extension)
    {
        var file = await DownloadAsync(path);

        file.Name.ShouldBe(name);
        file.Bytes.ShouldBe(4);
        file.ContentType.ShouldBe("audio/wav");
        Path.GetDirectoryName(file.Path).ShouldBe(_folder);
        Path.GetExtension(file.Path).ShouldBe(extension);
        (await File.ReadAllTextAsync(file.Path, Token)).ShouldBe("RIFF");
        Directory.GetFiles(_folder).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("/large", "larger than 1000 bytes")]
    [InlineData("/endless", "larger than 1000 bytes")]
    [InlineData("/redirect/6", "redirects more than 5 times")]
    [InlineData("/nowhere", "without saying where")]
    [InlineData("/to-file", "no http or https URL")]
    public async Task What_must_not_be_had_is_rejected_at_once_and_leaves_nothing(string path, string reason)
    {
        var error = await Should.ThrowAsync<DownloadRejectedException>(() => DownloadAsync(path));

        error.Message.ShouldContain(reason);
        Directory.GetFiles(_folder).ShouldBeEmpty();
        _asked.Count(asked => asked == path).ShouldBe(1);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/voice.wav")]
    [InlineData("http://localhost:{0}/voice.wav")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/voice.wav")]
    [InlineData("http://2130706433:{0}/voice.wav")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("file:///etc/passwd")]
    public async Task Private_addresses_are_rejected_before_anything_is_asked(string url)
    {
        var port = new Uri(_server.Urls.First()).Port;
        var downloader = new FileDownloader();

        await Should.ThrowAsync<DownloadRejectedException>(() =>
            downloader.DownloadAsync(new Uri(string.Format(url, port)), _folder, Token)
        );

        _asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_passing_failure_is_tried_again_and_a_missing_file_is_not()
    {
        (await DownloadAsync("/flaky")).Bytes.ShouldBe(4);

        var error = await Should.ThrowAsync<HttpRequestException>(() => DownloadAsync("/missing"));

        error.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        _asked.Count(path => path == "/missing").ShouldBe(1);
        _asked.Count(path => path == "/flaky").ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        await Should.ThrowAsync<HttpRequestException>(() => DownloadAsync("/silent"));

        Directory.GetFiles(_folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_jobs_files_are_gone_after_the_job()
    {
        var url = new Uri(new Uri(_server.Urls.First()), "/voice.wav");
        DownloadedFile? file = null;
        var wasThere = false;
        var options = new RunPodWorkerOptions { Downloads = new DownloadOptions { AllowsPrivateAddresses = true } };

        await LocalJob.RunAsync(
            System.Text.Json.JsonElement.Parse("""{"input": 1}"""),
            async (job, token) =>
            {
                file = await job.DownloadAsync(url, token);
                wasThere = File.Exists(file.Path) && file.Path.StartsWith(job.TempFolder, StringComparison.Ordinal);
                return TestWorker.Json("1");
            },
            options,
            Token
        );

        wasThere.ShouldBeTrue();
        Directory.Exists(Path.GetDirectoryName(file!.Path)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("0.1.2.3", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.9.9.9", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.0.0.8", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("192.88.99.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.19.0.1", false)]
    [InlineData("198.51.100.1", false)]
    [InlineData("203.0.113.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::808:808", false)]
    [InlineData("100::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2002:a00:1::", false)]
    [InlineData("3fff::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fe80::1%1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    public void Only_addresses_of_the_public_internet_count_as_public(string address, bool expected) =>
        PublicAddress.Is(IPAddress.Parse(address)).ShouldBe(expected);

    private Task<DownloadedFile> DownloadAsync(string path)
    {
        var options = new DownloadOptions
        {
            AllowsPrivateAddresses = true,
            MaximumBytes = 1000,
            IdleLimit = TimeSpan.FromMilliseconds(500),
            Attempts = path is "/silent" ? 1 : 3,
        };
        return new FileDownloader(options).DownloadAsync(new Uri(new Uri(_server.Urls.First()), path), _folder, Token);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        _asked.Add(path);
        http.Response.ContentType = "audio/wav; rate=1";
        switch (path)
        {
            case "/missing":
                http.Response.StatusCode = 404;
                return;
            case "/flaky" when _asked.Count(asked => asked == path) == 1:
                http.Response.StatusCode = 503;
                return;
            case "/large":
                http.Response.ContentLength = 1001;
                await http.Response.Body.WriteAsync(new byte[1001]);
                return;
            case "/endless":
                for (var i = 0; i < 20; i++)
                {
                    await http.Response.Body.WriteAsync(new byte[100]);
                    await http.Response.Body.FlushAsync();
                }

                return;
            case "/silent":
                await http.Response.Body.WriteAsync("R"u8.ToArray());
                await http.Response.Body.FlushAsync();
                await Task.Delay(5000, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            case "/nowhere":
                http.Response.StatusCode = 302;
                return;
            case "/to-file":
                http.Response.StatusCode = 302;
                http.Response.Headers.Location = "file:///etc/passwd";
                return;
            case "/named":
                http.Response.Headers.ContentDisposition = "attachment; filename=\"clip.MP3\"";
                break;
            case "/evil":
                http.Response.Headers.ContentDisposition = "attachment; filename=\"../../etc/passwd\"";
                break;
        }

        if (path.StartsWith("/redirect/", StringComparison.Ordinal))
        {
            var left = int.Parse(path.Split('/')[2]) - 1;
            http.Response.StatusCode = 302;
            http.Response.Headers.Location = left == 0 ? "/voice.wav" : $"/redirect/{left}";
            return;
        }

        await http.Response.Body.WriteAsync(Encoding.ASCII.GetBytes("RIFF"));
    }
}
