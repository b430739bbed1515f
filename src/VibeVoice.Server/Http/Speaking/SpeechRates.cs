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

    /// <summary>The same for the middleware.</summary>
    public RateLimitPartition<string> PartitionOf(HttpContext http) =>
        RateLimitPartition.Get(ClientOf(http), client => (RateLimiter)new OneClient(this, client));

    public void Dispose() => _limiter.Dispose();

    /// <summary>One client's part of the limiter, which is everyone's.</summary>
    private sealed class OneClient(SpeechRates rates, string client) : RateLimiter
    {
        /// <summary>It holds nothing, so it may be forgotten at any time.</summary>
        public override TimeSpan? IdleDuration => TimeSpan.MaxValue;

        public override RateLimiterStatistics? GetStatistics() => rates._limiter.GetStatistics(client);

        protected override RateLimitLease AttemptAcquireCore(int permitCount)
        {
            rates.Take(client);
            return new Granted();
        }

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(
            int permitCount,
            CancellationToken cancellationToken
        ) => ValueTask.FromResult(AttemptAcquireCore(permitCount));
    }

    /// <summary>Take has counted the request, or has thrown.</summary>
    private sealed class Granted : RateLimitLease
    {
        public override bool IsAcquired => true;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
