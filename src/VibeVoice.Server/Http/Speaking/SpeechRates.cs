using System.Threading.RateLimiting;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>How many requests for speech each key may make in a minute, whichever way they come in.</summary>
internal sealed class SpeechRates : IDisposable
{
    private const int Segments = 12;

    private readonly HttpOptions _options;
    private readonly PartitionedRateLimiter<string> _limiter;

    public SpeechRates(HttpOptions options)
    {
        _options = options;
        _limiter = PartitionedRateLimiter.Create<string, string>(client =>
            options.RateLimitPerMinute == 0
                ? RateLimitPartition.GetNoLimiter("")
                : RateLimitPartition.GetSlidingWindowLimiter(
                    client,
                    _ => new SlidingWindowRateLimiterOptions
                    {
                        PermitLimit = options.RateLimitPerMinute,
                        Window = TimeSpan.FromMinutes(1),
                        SegmentsPerWindow = Segments,
                    }
                )
        );
    }

    /// <summary>Who asks: a key, or an address where there is none.</summary>
    public static string ClientOf(HttpContext http) =>
        KeyGuard.KeyOf(http.Request) ?? $"{http.Connection.RemoteIpAddress}";

    /// <summary>Counts a request.</summary>
    /// <exception cref="ApiException">The client has made all that it may.</exception>
    public void Take(string client)
    {
        using var lease = _limiter.AttemptAcquire(client);
        if (!lease.IsAcquired)
        {
            var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var told)
                ? told
                : TimeSpan.FromSeconds(60.0 / Segments);
            throw ApiException.TooMany(_options.RateLimitPerMinute, wait);
        }
    }

    /// <summary>The same before a route is run.</summary>
    public ValueTask<object?> FilterAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        Take(ClientOf(call.HttpContext));
        return next(call);
    }

    public void Dispose() => _limiter.Dispose();
}
