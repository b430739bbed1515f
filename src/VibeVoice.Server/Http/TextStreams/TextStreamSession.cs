using System.Net.WebSockets;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>The talk with one client of a text stream (docs/text-stream.md): one speech after another.</summary>
/// <param name="services">What it needs of the server.</param>
/// <param name="connection">The client.</param>
/// <param name="patience">With its reader.</param>
/// <param name="key">What the handshake brought; null where it brought none.</param>
/// <param name="address">Whom rates are counted for where there is no key.</param>
internal sealed class TextStreamSession(
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

    private async Task HandleAsync(ClientMessage message)
    {
        CheckKey(message);
        await SettleAsync();
        switch (message.Type)
        {
            case "start":
                await StartAsync(message);
                break;
            case "text":
                await AddAsync(message);
                break;
            case "flush":
                Find(message)?.Flush();
                break;
            case "done":
                await (Find(message)?.CompleteAsync() ?? Task.CompletedTask);
                break;
            case "cancel":
                await EndSpeechAsync();
                _hasFailed = false;
                await connection.SendAsync(new CancelledMessage());
                break;
            case "ping":
                await connection.SendAsync(new PongMessage());
                break;
            default:
                throw ApiException.UnknownMessage(message.Type);
        }
    }

    /// <summary>Every way of bringing a key ends here, so that a wrong one is refused in the same way.</summary>
    private void CheckKey(ClientMessage message)
    {
        if (_isKnown)
        {
            return;
        }

        var own = message.Type == "start" ? new JobFields(message.Body, []).Text("api_key") : null;
        _key = own ?? _key;
        _isKnown = _key is not null && services.Keys.IsKnown(_key);
        if (!_isKnown)
        {
            throw ApiException.KeyNeeded(isGiven: _key is not null);
        }
    }

    private async Task StartAsync(ClientMessage message)
    {
        if (_speech is not null)
        {
            throw ApiException.OutOfTurn("start", "a speech runs already; wait for its end, or send \"cancel\"");
        }

        services.State.EnsureReady();
        services.Rates.Take(_key ?? address);
        var start = services.Reader.ReadStart(message.Body);
        _speech = new StreamedSpeech(services, connection, start, patience);
        _hasFailed = false;
        _characters = 0;
        await connection.SendAsync(
            new StartedMessage
            {
                Voice = start.Request.Voice.Name,
                Format = start.Request.Format.Name,
                ContentType = start.Request.Format.ContentType,
                SampleRateHz = services.Synthesizer.SampleRateHz,
                Seed = start.Request.Seed,
                Engine = services.Synthesizer.Engine,
                Model = services.Synthesizer.Model,
                Ignored = start.Ignored,
            }
        );
    }

    private async Task AddAsync(ClientMessage message)
    {
        if (Find(message) is not { } speech)
        {
            return;
        }

        var problems = new List<SpeechProblem>();
        var fields = new JobFields(message.Body, problems);
        var text = fields.Text("delta");
        if (text is null && problems.Count == 0)
        {
            fields.Add("delta", "is missing; give a piece of text");
        }

        _characters += text?.EnumerateRunes().Count() ?? 0;
        if (_characters > services.Settings.MaxTextCharacters)
        {
            problems.Add(services.Requests.TooLong("delta", _characters));
        }

        if (problems.Count > 0)
        {
            throw ApiException.Rejected(problems);
        }

        await speech.AddAsync(text!);
    }

    /// <returns>The speech that a message is for; null where it has failed, and its client does not know yet.</returns>
    private StreamedSpeech? Find(ClientMessage message) =>
        _speech
        ?? (
            _hasFailed ? null : throw ApiException.OutOfTurn(message.Type, "no speech has begun; send \"start\" first")
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
