using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>What each message of a client does.</summary>
internal sealed partial class TextStreamSession
{
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
}
