using System.Net;
using System.Net.Http.Headers;

namespace RunPod.Worker.Protocol;

/// <summary>Requests to the platform, with the headers it expects and a time limit for each. Thread-safe.</summary>
internal sealed class RunPodHttp : IDisposable
{
    /// <summary>Far over any job (20 MB), far under what would hurt.</summary>
    private const int LargestBody = 256 * 1024 * 1024;

    private static readonly TimeSpan BodyLimit = TimeSpan.FromMinutes(2);

    private readonly HttpMessageInvoker _client;
    private readonly string _userAgent;
    private readonly string? _apiKey;
    private readonly TimeProvider _timeProvider;

    public RunPodHttp(RunPodWorkerOptions options)
    {
        _userAgent = ClientIdentity.UserAgent(options.Integration);
        _apiKey = options.ApiKey;
        _timeProvider = options.TimeProvider;
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // the platform's addresses change
            UseCookies = false,
            // A redirected post would become a GET whose success says nothing.
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        };
        // The bare invoker: limits are set for each request, and HttpClient's own would only cost time.
        _client = new HttpMessageInvoker(handler);
    }

    public void Dispose() => _client.Dispose();

    /// <summary>
    /// Asks, and waits up to <paramref name="limit"/> for an answer to begin. Once it has, it is read to its end whatever
    /// <paramref name="abandon"/> says: a job may be in it, and the platform counts it as delivered.
    /// </summary>
    /// <exception cref="TimeoutException">The limit has passed.</exception>
    /// <exception cref="HttpRequestException">The platform could not be reached, or hung up.</exception>
    public async Task<Reply> GetAsync(Uri uri, TimeSpan limit, CancellationToken abandon)
    {
        using var request = NewRequest(HttpMethod.Get, uri);
        using var response = await SendAsync(request, limit, abandon).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            return ToReply(response, default);
        }

        using var bodyLimit = new CancellationTokenSource(BodyLimit, _timeProvider);
        try
        {
            await response.Content.LoadIntoBufferAsync(LargestBody, bodyLimit.Token).ConfigureAwait(false);
            return ToReply(
                response,
                await response.Content.ReadAsByteArrayAsync(bodyLimit.Token).ConfigureAwait(false)
            );
        }
        catch (OperationCanceledException e) when (bodyLimit.IsCancellationRequested)
        {
            throw new TimeoutException($"The body of the answer did not arrive within {BodyLimit.TotalSeconds} s.", e);
        }
        catch (IOException e)
        {
            throw new HttpRequestException($"The connection ended inside the answer: {e.Message}", e);
        }
    }

    /// <summary>Posts a JSON body. The answer's own body means nothing and is not read.</summary>
    /// <exception cref="TimeoutException">The limit has passed.</exception>
    /// <exception cref="HttpRequestException">The platform could not be reached, or hung up.</exception>
    public async Task<Reply> PostAsync(
        Uri uri,
        string jobId,
        ReadOnlyMemory<byte> body,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        using var request = NewRequest(HttpMethod.Post, uri);
        request.Content = new ReadOnlyMemoryContent(body);
        // The platform's own client names this type over a body of plain JSON, so nothing else is sure to be accepted.
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        request.Headers.TryAddWithoutValidation("charset", "utf-8");
        request.Headers.TryAddWithoutValidation("X-Request-ID", jobId);
        using var response = await SendAsync(request, limit, cancellationToken).ConfigureAwait(false);
        return ToReply(response, default);
    }

    private HttpRequestMessage NewRequest(HttpMethod method, Uri uri)
    {
        var request = new HttpRequestMessage(method, uri);
        request.Headers.TryAddWithoutValidation("User-Agent", _userAgent);
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        if (_apiKey is not null)
        {
            // The key stands alone, without a scheme, which the typed header would refuse.
            request.Headers.TryAddWithoutValidation("Authorization", _apiKey);
        }

        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(limit, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await _client.SendAsync(request, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer came within {limit.TotalSeconds} s.", e);
        }
    }

    private static Reply ToReply(HttpResponseMessage response, ReadOnlyMemory<byte> body) =>
        new(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            body,
            response.Headers.RetryAfter?.Delta
        );
}
