using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>RunPod's endpoint API: jobs are sent, looked after and cancelled. Thread-safe.</summary>
/// <remarks>The key goes to the API only, never to the store that an answer's URL names.</remarks>
internal sealed class EndpointClient : IDisposable
{
    /// <summary>Results with base64 have 10 MB.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan SubmitLimit = TimeSpan.FromSeconds(30);

    private readonly string? _key;
    private readonly TimeProvider _timeProvider;
    private readonly EndpointRetry _retry;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <exception cref="SettingsException">There is no key.</exception>
    public EndpointClient(
        EndpointSettings settings,
        string endpointId,
        TimeProvider timeProvider,
        ILogger<EndpointRetry> logger
    )
    {
        Url = new Uri($"{settings.BaseUrl.AbsoluteUri.TrimEnd('/')}/{endpointId}/");
        if (settings.ApiKey is null && !Url.IsLoopback)
        {
            throw new SettingsException(
                "RUNPOD_API_KEY is not set; set it to a key of the account that owns the endpoint (RunPod's console, Settings, "
                    + "API Keys)."
            );
        }

        _key = settings.ApiKey;
        _timeProvider = timeProvider;
        _retry = new EndpointRetry(timeProvider, logger);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(ProgramVersion.UserAgent);
    }

    /// <summary>The endpoint, with a slash at its end.</summary>
    public Uri Url { get; }

    /// <summary>Sends a job. One whose answer is lost on the way may run without anybody knowing its id.</summary>
    /// <param name="cancellationToken">
    /// Ends the pauses between attempts; an attempt that has begun is always waited for, so that no job is forgotten.
    /// </param>
    /// <returns>The job's id.</returns>
    /// <exception cref="EndpointFailure">The endpoint refuses it.</exception>
    /// <exception cref="SpeechFailedException">The endpoint cannot be reached.</exception>
    public async Task<string> RunAsync(JsonObject input, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["input"] = input });
        var answer = await _retry.RunAsync(
            () => AskAsync(HttpMethod.Post, "run", body, SubmitLimit, CancellationToken.None),
            cancellationToken
        );
        return answer?.TryGetProperty("id", out var id) == true && id.GetString() is { Length: > 0 } text
            ? text
            : throw new EndpointFailure(
                $"{Url.Host} took a job and told no id: is '{Url}' a queue endpoint of RunPod?"
            );
    }

    /// <returns>Null when the endpoint does not know the job: its result has expired, or its time to live.</returns>
    /// <exception cref="EndpointFailure">The endpoint refuses to tell.</exception>
    /// <exception cref="SpeechFailedException">The endpoint cannot be reached.</exception>
    public async Task<JobStatus?> GetStatusAsync(string jobId, CancellationToken cancellationToken)
    {
        var path = $"status/{Uri.EscapeDataString(jobId)}";
        var answer = await _retry.RunAsync(
            () => AskAsync(HttpMethod.Get, path, null, RequestLimit, cancellationToken, mayBeMissing: true),
            cancellationToken
        );
        return answer is { } status ? JobStatus.From(status) : null;
    }

    /// <summary>Cancels a job; one that is gone already is no error.</summary>
    public async Task CancelAsync(string jobId, CancellationToken cancellationToken) =>
        await AskAsync(
            HttpMethod.Post,
            $"cancel/{Uri.EscapeDataString(jobId)}",
            "{}"u8.ToArray(),
            SubmitLimit,
            cancellationToken,
            mayBeMissing: true
        );

    /// <summary>Fetches what an answer's URL leads to.</summary>
    /// <param name="url">A presigned URL; it is a secret, and stands in no message.</param>
    /// <param name="bytes">How large it must be.</param>
    /// <exception cref="EndpointFailure">It is gone, or of another size.</exception>
    /// <exception cref="SpeechFailedException">The store cannot be reached.</exception>
    public Task<byte[]> DownloadAsync(Uri url, long bytes, CancellationToken cancellationToken) =>
        _retry.RunAsync(
            async () =>
            {
                using var limit = Limit(RequestLimit, cancellationToken);
                try
                {
                    using var response = await _http.GetAsync(
                        url,
                        HttpCompletionOption.ResponseHeadersRead,
                        limit.Token
                    );
                    if (!response.IsSuccessStatusCode)
                    {
                        throw Failure(
                            response,
                            $"{url.Host} answered {(int)response.StatusCode} when asked for the audio."
                        );
                    }

                    return response.Content.Headers.ContentLength is { } found && found != bytes
                        ? throw new EndpointFailure(
                            $"The audio at {url.Host} has {found} bytes, but the answer says {bytes}."
                        )
                        : await response.Content.ReadAsByteArrayAsync(limit.Token);
                }
                catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
                {
                    throw new TimeoutException($"{url.Host} did not answer in time.", exception);
                }
            },
            cancellationToken
        );

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement?> AskAsync(
        HttpMethod method,
        string path,
        byte[]? body,
        TimeSpan timeLimit,
        CancellationToken cancellationToken,
        bool mayBeMissing = false
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, path));
        if (_key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var limit = Limit(timeLimit, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            return response.IsSuccessStatusCode ? JsonElement.Parse(text)
                : mayBeMissing && response.StatusCode == HttpStatusCode.NotFound ? null
                : throw Failure(response, Explain(response.StatusCode, text));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{Url.Host} did not answer within {timeLimit.TotalSeconds} s.", exception);
        }
        catch (JsonException)
        {
            throw new EndpointFailure($"{Url.Host} did not answer with JSON: is '{Url}' an endpoint of RunPod?");
        }
    }

    private EndpointFailure Failure(HttpResponseMessage response, string message)
    {
        var after = response.Headers.RetryAfter;
        return new EndpointFailure(message)
        {
            IsTransient =
                response.StatusCode
                    is HttpStatusCode.RequestTimeout
                        or HttpStatusCode.TooManyRequests
                        or >= HttpStatusCode.InternalServerError,
            RetryAfter = after?.Delta ?? after?.Date - _timeProvider.GetUtcNow(),
        };
    }

    private string Explain(HttpStatusCode status, string body) =>
        // {"error":"not allowed for QB API"}
        body.Contains("not allowed for QB", StringComparison.OrdinalIgnoreCase)
            ? $"'{Url}' is a load-balancing endpoint, but a batch needs a queue endpoint."
            : status switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                    $"{Url.Host} refuses the key ({(int)status}): set RUNPOD_API_KEY to a key that may use endpoint '{Url}'.",
                HttpStatusCode.NotFound =>
                    $"There is no endpoint '{Url}' (404); '--endpoint' is the id in RunPod's console.",
                HttpStatusCode.TooManyRequests => $"{Url.Host} takes no more requests for now (429).",
                _ => $"{Url.Host} answered {(int)status}: '{Quote.Short(body)}'.",
            };

    private static CancellationTokenSource Limit(TimeSpan limit, CancellationToken cancellationToken)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        source.CancelAfter(limit);
        return source;
    }
}
