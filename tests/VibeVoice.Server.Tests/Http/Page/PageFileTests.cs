using System.Net;
using System.Net.Http.Headers;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Page;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http.Page;

/// <summary>How the files of the page are served.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class PageFileTests
{
    private static readonly string[] _paths =
    [
        "/",
        .. PageFiles
            .Read()
            .Select(file => file.Name)
            .Where(name => name != "index.html")
            .Select(name => $"/page/{name}"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_need_no_key_and_run_nothing_of_anyone_else()
    {
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer(),
            new HttpOptions { ApiKeys = "sk-test" }
        );
        _paths.Length.ShouldBeGreaterThan(10);
        foreach (var path in _paths)
        {
            using var answer = await stage.Client.GetAsync(path, Token);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            var headers = answer.Headers;
            headers
                .GetValues("Content-Security-Policy")
                .ShouldBe([
                    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                        + "media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                ]);
            headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
            headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
            var text = await answer.Content.ReadAsStringAsync(Token);
            text.Replace("http://www.w3.org/2000/svg", "").ShouldNotContain("://", customMessage: path);
        }

        using var nothing = await stage.Client.GetAsync("/page/index.html", Token);
        nothing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_browser_that_has_them_gets_only_their_tag()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        foreach (var path in _paths)
        {
            using var first = await stage.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Token);
            using var request = new HttpRequestMessage(HttpMethod.Get, path)
            {
                Headers = { IfNoneMatch = { new EntityTagHeaderValue(first.Headers.ETag!.Tag) } },
            };
            using var second = await stage.Client.SendAsync(request, Token);
            second.StatusCode.ShouldBe(HttpStatusCode.NotModified, path);
            second.Headers.CacheControl!.NoCache.ShouldBeTrue();
        }
    }
}
