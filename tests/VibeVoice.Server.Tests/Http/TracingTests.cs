using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using VibeVoice.Server.Http;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>What a collector of OpenTelemetry gets.</summary>
public sealed class TracingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_are_traced_without_what_they_say_and_the_load_balancers_are_not()
    {
        await using var collector = await Collector.StartAsync();
        var options = new HttpOptions { TraceCollector = collector.Address, ApiKeys = "s3cret-key" };
        await using (var stage = await HttpStage.StartAsync(new FakeSynthesizer(), options))
        {
            await stage.Client.GetAsync("/ping", Token);
            stage.Client.DefaultRequestHeaders.Add("X-API-Key", "s3cret-key");
            using var answer = await stage.SpeakAsync("""{"input": "Marmalade", "response_format": "pcm"}""");
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            await answer.Content.ReadAsByteArrayAsync(Token);
        }

        var traces = string.Concat(collector.Received);
        traces.ShouldContain("vibevoice");
        traces.ShouldContain("/v1/audio/speech");
        traces.ShouldNotContain("/ping");
        traces.ShouldNotContain("Marmalade");
        traces.ShouldNotContain("s3cret-key");
    }

    /// <summary>Takes OTLP by gRPC, as a collector does: HTTP/2 without TLS, and a status in the trailers.</summary>
    private sealed class Collector(WebApplication application) : IAsyncDisposable
    {
        private const string Path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

        /// <summary>Messages, each byte a character.</summary>
        public ConcurrentQueue<string> Received { get; } = new();

        public Uri Address => new(application.Urls.First());

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2)
            );
            var application = builder.Build();
            var collector = new Collector(application);
            application.MapPost(Path, collector.TakeAsync);
            await application.StartAsync(Token);
            return collector;
        }

        public ValueTask DisposeAsync() => application.DisposeAsync();

        private async Task TakeAsync(HttpContext http)
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            Received.Enqueue(System.Text.Encoding.Latin1.GetString(body.ToArray()));
            http.Response.ContentType = "application/grpc";
            await http.Response.Body.WriteAsync(new byte[5]); // an empty message
            http.Response.AppendTrailer("grpc-status", "0");
        }
    }
}
