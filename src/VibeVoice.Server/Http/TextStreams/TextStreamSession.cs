using System.Net.WebSockets;
using VibeVoice.Server.Http.Speaking;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>The talk with one client of a text stream (docs/text-stream.md): one speech after another.</summary>
/// <param name="services">What it needs of the server.</param>
/// <param name="connection">The client.</param>
/// <param name="patience">With its reader.</param>
/// <param name="key">What the handshake brought; null where it brought none.</param>
/// <param name="address">Whom rates are counted for where there is no key.</param>
internal sealed partial class TextStreamSession(
    TextStreamServices services,
    TextStreamConnection connection,
    ReaderPatience patience,
    string? key,
    string address
) : IAsyncDisposable
{
    private Task<ClientMessage?>? _receiving;
    private StreamedSpeech? _speech;
    private string? _key = key;
    private bool _isKnown = !services.Keys.AreNeeded;
    private bool _hasFailed;
    private int _characters;

    /// <summary>Talks until one of both closes the connection.</summary>
    public async Task RunAsync()
    {
        try
        {
            var (status, reason) = await TalkAsync();
            await EndSpeechAsync(); // of a client that closes in the middle of it
            await connection.CloseAsync(status, reason, _receiving);
        }
        catch (OperationCanceledException) when (connection.Gone.IsCancellationRequested)
        {
            // Nobody is there to be answered.
        }
    }

    public async ValueTask DisposeAsync() => await EndSpeechAsync();

    private async Task<(WebSocketCloseStatus Status, string Reason)> TalkAsync()
    {
        while (true)
        {
            try
            {
                if (await NextAsync() is not { } message)
                {
                    return (WebSocketCloseStatus.NormalClosure, "");
                }

                await HandleAsync(message);
            }
            catch (SpeechBrokenException broken)
            {
                return CloseOf(broken.Error)!.Value; // its client was told
            }
            catch (OperationCanceledException) when (!connection.Gone.IsCancellationRequested)
            {
                // The speech ended while text for it waited.
            }
#pragma warning disable CA1031 // The boundary of a message: what gets here is told, and a bug is logged whole.
            catch (Exception exception) when (!connection.Gone.IsCancellationRequested)
#pragma warning restore CA1031
            {
                var error = services.Failures.Describe(exception);
                _hasFailed = true;
                await EndSpeechAsync();
                await connection.SendAsync(ErrorMessage.Of(error));
                if (CloseOf(error) is { } close)
                {
                    return close;
                }
            }
        }
    }

    /// <returns>The next message; null where the client has closed the connection.</returns>
    /// <exception cref="SpeechBrokenException">The speech has broken off.</exception>
    /// <exception cref="ApiException">The connection is to be closed.</exception>
    private async Task<ClientMessage?> NextAsync()
    {
        _receiving ??= connection.ReceiveAsync();
        while (true)
        {
            var isSpeaking = _speech is { HasBegun: true };
            using var waited = new CancellationTokenSource();
            var never = Task.Delay(Timeout.Infinite, waited.Token);
            await Task.WhenAny(
                _receiving,
                isSpeaking ? _speech!.Ended : never,
                isSpeaking ? never : services.State.Draining,
                isSpeaking ? never : Task.Delay(Idle, services.TimeProvider, waited.Token)
            );
            await waited.CancelAsync();
            if (_speech is { Ended.IsCompleted: true })
            {
                await SettleAsync();
            }
            else if (_receiving.IsCompleted)
            {
                // Also where it throws: another may follow.
                var received = _receiving;
                _receiving = null;
                return await received;
            }
            else if (services.State.Draining.IsCompleted && !isSpeaking)
            {
                throw ApiException.NotReady(ServerPhase.Draining);
            }
            else if (!isSpeaking)
            {
                throw ApiException.Idle(Idle);
            }
        }
    }

    /// <summary>Forgets a speech whose last message was sent.</summary>
    /// <exception cref="SpeechBrokenException">It has broken off so that the connection is to be closed.</exception>
    private async Task SettleAsync()
    {
        if (_speech is not { IsOver: true } speech)
        {
            return;
        }

        var error = await speech.Ended;
        await EndSpeechAsync();
        _hasFailed = error is not null;
        if (error is not null && CloseOf(error) is not null)
        {
            throw new SpeechBrokenException(error);
        }
    }

    /// <summary>Who may not speak yet has no longer than a speech that stalls.</summary>
    private TimeSpan Idle =>
        TimeSpan.FromSeconds(
            _isKnown
                ? services.Streams.IdleSeconds
                : Math.Min(services.Streams.IdleSeconds, services.Streams.StallSeconds)
        );

    private async Task EndSpeechAsync()
    {
        if (_speech is { } speech)
        {
            _speech = null;
            await speech.DisposeAsync();
        }
    }

    /// <returns>How an error closes the connection; null where it does not.</returns>
    private (WebSocketCloseStatus, string)? CloseOf(ApiException error) =>
        error switch
        {
            { RetryAfter: { } wait } => (
                (WebSocketCloseStatus)1013,
                $"{error.Code}: retry after {ErrorAnswers.WholeSeconds(wait)} s"
            ),
            { Code: "idle_timeout" } => (WebSocketCloseStatus.NormalClosure, error.Code),
            { Code: "message_too_large" } => (WebSocketCloseStatus.MessageTooBig, error.Code),
            { Status: StatusCodes.Status401Unauthorized } => (WebSocketCloseStatus.PolicyViolation, error.Code),
            { Code: "internal_error" } => (WebSocketCloseStatus.InternalServerError, error.Code),
            _ when !_isKnown => (WebSocketCloseStatus.PolicyViolation, error.Code),
            _ => null,
        };

    /// <summary>A speech broke off by itself so that the connection is to be closed; its client was told.</summary>
    private sealed class SpeechBrokenException(ApiException error) : Exception(error.Message, error)
    {
        public ApiException Error { get; } = error;
    }
}
