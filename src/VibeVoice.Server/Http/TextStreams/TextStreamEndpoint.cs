using System.Net.WebSockets;
using VibeVoice.Server.Http.Speaking;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary><c>GET /v1/audio/speech/stream</c>: a WebSocket that takes text as it is written, and speaks it meanwhile.</summary>
internal sealed partial class TextStreamEndpoint(TextStreamServices services, ILogger<TextStreamEndpoint> logger)
{
    /// <summary>What a server speaks that a client of a browser, which can send no headers, asks for by name.</summary>
    private const string Protocol = "vibevoice";

    /// <summary>Stands before a key that comes as the name of a protocol.</summary>
    private const string KeyPrefix = "key.";

    /// <summary>A client that has vanished without a word is noticed after twice this time.</summary>
    private static readonly TimeSpan _pings = TimeSpan.FromSeconds(15);

    private int _open;

    public async Task HandleAsync(HttpContext http)
    {
        OriginGuard.Check(http.Request, services.Options.Origins);
        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.Headers.Upgrade = "websocket";
            throw ApiException.UpgradeNeeded();
        }

        services.State.EnsureReady();
        try
        {
            if (Interlocked.Increment(ref _open) > services.Streams.Connections)
            {
                throw ApiException.TooManyStreams(services.Streams.Connections);
            }

            using var counted = services.Metrics.StreamOpened();
            await TalkAsync(http);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task TalkAsync(HttpContext http)
    {
        var asked = http.WebSockets.WebSocketRequestedProtocols;
        using var socket = await http.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext
            {
                SubProtocol = asked.Contains(Protocol) ? Protocol : null,
                KeepAliveInterval = _pings,
                KeepAliveTimeout = _pings,
            }
        );
        var patience = new ReaderPatience(services.Options, services.TimeProvider, Cut);
        using var connection = new TextStreamConnection(socket, patience, http.RequestAborted);
        await using var session = new TextStreamSession(
            services,
            connection,
            patience,
            KeyOf(asked) ?? KeyGuard.KeyOf(http.Request),
            $"{http.Connection.RemoteIpAddress}"
        );
        await session.RunAsync();
        if (socket.State is not (WebSocketState.Closed or WebSocketState.Aborted))
        {
            http.Abort();
        }

        void Cut()
        {
            Log.TooSlow(logger, services.Options.SlowReaderSeconds);
            http.Abort();
        }
    }

    private static string? KeyOf(IList<string> protocols) =>
        protocols.FirstOrDefault(name => name.StartsWith(KeyPrefix, StringComparison.Ordinal))?[KeyPrefix.Length..];

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "A reader took too little of its text stream for {Seconds} s (HTTP_SLOW_READER_SECONDS); its connection was cut."
        )]
        public static partial void TooSlow(ILogger logger, int seconds);
    }
}
