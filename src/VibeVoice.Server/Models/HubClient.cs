using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Models;

/// <summary>The hub's HTTP interface: what a revision holds, what a file is, and a part of its content.</summary>
/// <remarks>
/// The token goes to the hub's own address only: a redirect leads to a store that has no business with it. Thread-safe.
/// </remarks>
internal sealed class HubClient : IDisposable
{
    private const int MaximumRedirects = 5;

    /// <summary>For an answer to begin, and between two parts of it: a server that is silent for longer is gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Uri _endpoint;
    private readonly string? _token;
    private readonly TimeProvider _timeProvider;
    private readonly HubRetry _retry;
    private readonly HttpClient _http;

    /// <param name="endpoint">Its address.</param>
    /// <param name="token">Null where there is none.</param>
    /// <param name="attempts">How often a request is made before its failure is told.</param>
    /// <param name="timeProvider">Times pauses.</param>
    public HubClient(Uri endpoint, string? token, int attempts, TimeProvider timeProvider)
    {
        // With a slash, so that a mirror in a folder of its host keeps the folder.
        _endpoint = new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/");
        _token = token;
        _timeProvider = timeProvider;
        _retry = new HubRetry(endpoint, attempts, timeProvider);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(ProgramVersion.UserAgent);
        // Compressed, sizes and ranges would be those of something else.
        _http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    public HubRetry Retry => _retry;

    /// <summary>Asks which commit a revision is, and what files it has.</summary>
    /// <exception cref="Speech.SpeechFailedException">There is no such repository or revision, or no answer.</exception>
    public Task<HubRevision> GetRevisionAsync(HubId id, CancellationToken cancellationToken) =>
        _retry.RunAsync(
            async () =>
            {
                var url = new Uri(
                    _endpoint,
                    $"api/models/{id.Repository}/revision/{Uri.EscapeDataString(id.Revision)}"
                );
                using var response = await FollowAsync(HttpMethod.Get, url, id, cancellationToken);
                return await ReadRevisionAsync(response, id, cancellationToken);
            },
            cancellationToken
        );

    /// <summary>Asks for the size and the checksum of a file.</summary>
    /// <exception cref="Speech.SpeechFailedException">There is no such file, or no answer.</exception>
    public Task<HubFile> GetFileAsync(HubId id, string commit, string path, CancellationToken cancellationToken) =>
        _retry.RunAsync(
            async () =>
            {
                var url = ContentUrl(id, commit, path);
                using var response = await FollowAsync(HttpMethod.Head, url, id, cancellationToken);
                var etag = HeaderOf(response, "X-Linked-ETag") ?? HeaderOf(response, "ETag");
                var size = HeaderOf(response, "X-Linked-Size");
                var bytes = size is null
                    ? response.Content.Headers.ContentLength
                    : long.Parse(size, NumberStyles.None, CultureInfo.InvariantCulture);
                return new HubFile(path, CleanTag(etag, path), bytes ?? throw Nonsense(path, "has no size"));
            },
            cancellationToken
        );

    /// <summary>Where the content of a file is fetched; the answer may be a redirect.</summary>
    public Uri ContentUrl(HubId id, string commit, string path) =>
        new(
            _endpoint,
            $"{id.Repository}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}"
        );

    /// <summary>Sends one request and returns when the head of the answer is there; redirects are the caller's.</summary>
    /// <param name="range">Which bytes; null for all.</param>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        Uri url,
        RangeHeaderValue? range,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Range = range;
        if (_token is not null && IsHub(url))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{url.Host} did not answer within {Patience.TotalSeconds} s.", exception);
        }
    }

    /// <summary>The failure that an error answer is.</summary>
    public HubFailure Failure(HttpResponseMessage response, HubId id) =>
        HubFailure.From(response, id, _endpoint, _token is not null, _timeProvider.GetUtcNow());

    /// <summary>Where a redirect leads; null where the answer is none.</summary>
    public static Uri? RedirectOf(HttpResponseMessage response) =>
        response.StatusCode
            is HttpStatusCode.MovedPermanently
                or HttpStatusCode.Found
                or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect
                or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is { } location
            ? new Uri(response.RequestMessage!.RequestUri!, location)
            : null;

    /// <summary>Whether an address is the hub's own.</summary>
    public bool IsHub(Uri url) => url.Scheme == _endpoint.Scheme && url.Authority == _endpoint.Authority;

    public void Dispose() => _http.Dispose();

    /// <summary>Follows redirects within the hub, as of a repository that was renamed; the head of one that leaves it is the answer.</summary>
    private async Task<HttpResponseMessage> FollowAsync(
        HttpMethod method,
        Uri url,
        HubId id,
        CancellationToken cancellationToken
    )
    {
        for (var redirects = 0; redirects <= MaximumRedirects; redirects++)
        {
            var response = await SendAsync(method, url, null, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            if (RedirectOf(response) is not { } target)
            {
                using (response)
                {
                    throw Failure(response, id);
                }
            }

            if (response.Headers.Contains("X-Linked-ETag"))
            {
                return response;
            }

            response.Dispose();
            url = target;
        }

        throw new HubFailure($"{url.Host} redirects in circles when asked for '{id}'.");
    }

    private static async Task<HubRevision> ReadRevisionAsync(
        HttpResponseMessage response,
        HubId id,
        CancellationToken cancellationToken
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
            var json = await JsonNode.ParseAsync(body, cancellationToken: limit.Token);
            var commit = (string?)json?["sha"] ?? "";
            var files = json?["siblings"]?.AsArray().Select(file => (string?)file?["rfilename"]).OfType<string>();
            return commit.Length > 0 && commit.All(char.IsAsciiHexDigit) && files is not null
                ? new HubRevision(commit, [.. files])
                : throw Nonsense(id.ToString(), "has no commit or no files");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Nonsense(id.ToString(), "is not of the form that is expected", exception);
        }
        catch (IOException exception)
        {
            throw new HttpRequestException($"The answer was cut: {exception.Message}", exception);
        }
    }

    // Strong or weak, it names the content. Part of a path from here on.
    private static string CleanTag(string? etag, string path)
    {
        var tag = (etag ?? "").Trim();
        tag = (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"');
        return tag.Length > 0 && tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? tag
            : throw Nonsense(path, "has no usable ETag");
    }

    private static HubFailure Nonsense(string what, string fault, Exception? inner = null) =>
        new($"The hub's answer about '{what}' {fault}. Check that HF_ENDPOINT is a model hub.", inner);

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
