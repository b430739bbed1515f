using System.Collections.Concurrent;
using System.Net;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Testing.S3;

/// <summary>
/// Stands before an S3 server, remembers every request, and makes chosen ones fail. It also keeps the list of open
/// multipart uploads, and answers the two calls about it that s3rver does not know: abort and list.
/// </summary>
public sealed class S3Proxy : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _server;
    private readonly ConcurrentQueue<S3Request> _requests = new();
    private readonly ConcurrentDictionary<string, string> _openUploads = new(StringComparer.Ordinal);
    private readonly List<Rule> _rules = [];
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, string> _tags = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1);

    private S3Proxy(Uri server)
    {
        _server = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(HandleAsync);
    }

    public Uri Url => new(_application.Urls.Single());

    /// <summary>Whether writes with If-Match and If-None-Match are refused where they must be; s3rver takes no notice of them.</summary>
    public bool HeedsConditions { get; init; }

    /// <summary>All requests in the order they arrived, refused ones too.</summary>
    public IReadOnlyList<S3Request> Requests => [.. _requests];

    /// <summary>Keys of the uploads that were begun and neither completed nor aborted.</summary>
    public IReadOnlyList<string> OpenUploads => [.. _openUploads.Values];

    public static async Task<S3Proxy> StartAsync(
        Uri server,
        CancellationToken cancellationToken,
        bool heedsConditions = false
    )
    {
        var proxy = new S3Proxy(server) { HeedsConditions = heedsConditions };
        await proxy._application.StartAsync(cancellationToken);
        return proxy;
    }

    /// <summary>Makes requests of one kind fail.</summary>
    /// <param name="operation">The kind, as in <see cref="S3Request.Operation"/>.</param>
    /// <param name="fault">What happens to them.</param>
    /// <param name="times">How many of them; all by default.</param>
    /// <param name="where">Which of them; all by default.</param>
    public void On(string operation, S3Fault fault, int times = int.MaxValue, Func<S3Request, bool>? where = null)
    {
        lock (_lock)
        {
            _rules.Add(new Rule(operation, fault, where ?? (_ => true)) { TimesLeft = times });
        }
    }

    /// <summary>Waits for a request of one kind.</summary>
    public async Task WaitForAsync(string operation, CancellationToken cancellationToken)
    {
        while (!_requests.Any(request => Same(request.Operation, operation)))
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _server.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var request = await S3Request.ReadAsync(context.Request);
        _requests.Enqueue(request);
        var fault = Take(request);
        await Task.Delay(fault.Delay, context.RequestAborted);
        if (fault.CutsRequest)
        {
            context.Abort();
            return;
        }

        if (fault.Status is { } status)
        {
            context.Response.Headers.Date = (DateTimeOffset.UtcNow + fault.ClockAhead).ToString("r");
            await WriteAsync(context, status, fault.Xml);
            return;
        }

        // From here on the store acts, whether or not the caller still listens.
        await Task.Delay(fault.Lag, CancellationToken.None);
        using var answer = await AnswerAsync(context, request);
        if (fault.CutsAnswer || context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpContext context, S3Request request)
    {
        var uploadId = request.Query.GetValueOrDefault("uploadId");
        switch (request.Operation)
        {
            case "ListMultipartUploads":
                return Xml(HttpStatusCode.OK, ListUploads(request.Query.GetValueOrDefault("prefix", "")));
            case "AbortMultipartUpload" when _openUploads.TryRemove(uploadId!, out _):
                return new HttpResponseMessage(HttpStatusCode.NoContent);
            case "AbortMultipartUpload":
            case "UploadPart" or "CompleteMultipartUpload" when !_openUploads.ContainsKey(uploadId!):
                return Xml(
                    HttpStatusCode.NotFound,
                    S3Fault.Refusal(404, "NoSuchUpload", "The specified upload does not exist.").Xml
                );
            case "PutObject" or "DeleteObject" or "DeleteObjects" when HeedsConditions:
                return await HeedAsync(context, request);
        }

        var answer = await ForwardAsync(context, request);
        if (!answer.IsSuccessStatusCode)
        {
            return answer;
        }

        if (request.Operation is "CreateMultipartUpload")
        {
            var xml = XDocument.Parse(await answer.Content.ReadAsStringAsync());
            _openUploads[xml.Descendants().Single(element => element.Name.LocalName is "UploadId").Value] = request.Key;
        }
        else if (request.Operation is "CompleteMultipartUpload")
        {
            _openUploads.TryRemove(uploadId!, out _);
        }

        return answer;
    }

    /// <summary>One write at a time, and only where its condition holds.</summary>
    private async Task<HttpResponseMessage> HeedAsync(HttpContext context, S3Request request)
    {
        await _writing.WaitAsync();
        try
        {
            var tag = _tags.GetValueOrDefault(request.Key);
            var mustBe = request.Headers.GetValueOrDefault("If-Match");
            if (
                (request.Headers.ContainsKey("If-None-Match") && tag is not null)
                || (mustBe is not null && mustBe != tag)
            )
            {
                return Xml(HttpStatusCode.PreconditionFailed, S3Fault.Refusal(412, "PreconditionFailed").Xml);
            }

            var answer = await ForwardAsync(context, request);
            foreach (var key in KeysOf(request))
            {
                _tags.TryRemove(key, out _);
            }

            if (answer.IsSuccessStatusCode && answer.Headers.ETag is { } written)
            {
                _tags[request.Key] = written.ToString();
            }

            return answer;
        }
        finally
        {
            _writing.Release();
        }
    }

    private static IEnumerable<string> KeysOf(S3Request request) =>
        request.Operation is "DeleteObjects"
            ? XDocument
                .Parse(request.Text)
                .Descendants()
                .Where(element => element.Name.LocalName is "Key")
                .Select(element => element.Value)
            : [request.Key];

    private async Task<HttpResponseMessage> ForwardAsync(HttpContext context, S3Request request)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        using var message = new HttpRequestMessage(new HttpMethod(context.Request.Method), target)
        {
            Content = new ReadOnlyMemoryContent(request.Body),
        };
        foreach (var (name, value) in request.Headers)
        {
            // The host is part of what was signed: it stays the one the caller used.
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        var answer = await _server.SendAsync(message, CancellationToken.None);
        await answer.Content.LoadIntoBufferAsync();
        return answer;
    }

    private string ListUploads(string prefix)
    {
        var uploads = _openUploads
            .Where(upload => upload.Value.StartsWith(prefix, StringComparison.Ordinal))
            .Select(upload => new XElement(
                "Upload",
                new XElement("Key", upload.Value),
                new XElement("UploadId", upload.Key),
                new XElement("Initiated", DateTime.UtcNow)
            ));
        return new XElement("ListMultipartUploadsResult", uploads, new XElement("IsTruncated", "false")).ToString();
    }

    private S3Fault Take(S3Request request)
    {
        lock (_lock)
        {
            var rule = _rules.Find(rule =>
                rule.TimesLeft > 0 && Same(rule.Operation, request.Operation) && rule.Where(request)
            );
            if (rule is not null)
            {
                rule.TimesLeft--;
            }

            return rule?.Fault ?? new S3Fault();
        }
    }

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.Ordinal);

    private static HttpResponseMessage Xml(HttpStatusCode status, string xml) =>
        new(status) { Content = new StringContent(xml, System.Text.Encoding.UTF8, "application/xml") };

    private static async Task WriteAsync(HttpContext context, int status, string xml)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(xml, context.RequestAborted);
    }

    private sealed record Rule(string Operation, S3Fault Fault, Func<S3Request, bool> Where)
    {
        public required int TimesLeft { get; set; }
    }
}
