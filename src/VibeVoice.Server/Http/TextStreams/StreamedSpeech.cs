using System.Buffers;
using System.IO.Pipelines;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>One speech of a text stream. It takes a slot with the first words, and gives it back with the last frame.</summary>
/// <remarks>Its owner is one task; the audio is sent by another.</remarks>
internal sealed partial class StreamedSpeech : IAsyncDisposable
{
    private readonly TextStreamServices _services;
    private readonly TextStreamConnection _connection;
    private readonly StreamStart _start;
    private readonly ReaderPatience _patience;
    private readonly CancellationTokenSource _stop;
    private readonly GrowingText _text;
    private readonly TaskCompletionSource<ApiException?> _ended = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );

    private Task _running = Task.CompletedTask;
    private bool _isComplete;
    private bool _isOver;
    private SpeechSlot? _slot;
    private ProgressMessage _progress = new(0, 0);

    public StreamedSpeech(
        TextStreamServices services,
        TextStreamConnection connection,
        StreamStart start,
        ReaderPatience patience
    )
    {
        _services = services;
        _connection = connection;
        _start = start;
        _patience = patience;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(connection.Gone);
        _text = new GrowingText(
            services.Streams.BufferCharacters,
            TimeSpan.FromSeconds(services.Streams.StallSeconds),
            services.TimeProvider
        );
    }

    /// <summary>Whether words have come, so that a slot is held or waited for.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether its last message is being sent, or was: then it takes no more text, and another may follow.</summary>
    public bool IsOver => Volatile.Read(ref _isOver);

    /// <summary>Done when it has ended by itself: with null, or with what its client was told.</summary>
    public Task<ApiException?> Ended => _ended.Task;

    /// <summary>Takes text; waits while too much of it is unspoken.</summary>
    /// <exception cref="ApiException">The server does not speak any more, or the text was said to be complete.</exception>
    public async ValueTask AddAsync(string text)
    {
        if (_isComplete)
        {
            throw ApiException.OutOfTurn("text", "\"done\" has ended the text; \"start\" again after the answer to it");
        }

        if (!HasBegun)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                return;
            }

            var running = _services.State.Enter();
            HasBegun = true;
            _running = Task.Run(() => RunAsync(running), CancellationToken.None);
        }

        await _text.AddAsync(text, _stop.Token);
    }

    /// <summary>What is there is spoken to its end, as a text of its own.</summary>
    public void Flush() => _text.Flush();

    /// <summary>No more text will come.</summary>
    public async Task CompleteAsync()
    {
        _isComplete = true;
        _text.Complete();
        if (!HasBegun)
        {
            // Nothing to say is said at once, and needs no slot.
            HasBegun = true;
            Volatile.Write(ref _isOver, true);
            await _connection.SendAsync(Done(new Usage(0, 0, 0), 0, TimeSpan.Zero, []));
            _ended.TrySetResult(null);
        }
    }

    /// <summary>Stops within one frame; when this returns, nothing more is sent and the slot is free.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    /// <summary>Never throws: a failure is told to the client.</summary>
    private async Task RunAsync(IDisposable running)
    {
        using var counted = running;
        using var deadline = new SpeechDeadline(
            _services.Options,
            _services.State,
            _services.TimeProvider,
            _stop.Token
        );
        ApiException? error = null;
        try
        {
            await SpeakAsync(deadline.Token);
            _services.Metrics.Answered(StatusCodes.Status200OK);
        }
#pragma warning disable CA1031 // The boundary of a speech: what gets here is told, and a bug is logged whole.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (exception is SlowReaderException || _stop.IsCancellationRequested)
            {
                _services.Metrics.Answered(ErrorAnswers.Cut);
            }
            else
            {
                error = _services.Failures.Describe(deadline.Explain(exception));
                _services.Metrics.Answered(error.Status);
                Log.BrokeOff(_services.Logger, error.Code);
            }
        }

        await EndAsync(error);
    }

    private async Task SpeakAsync(CancellationToken cancellationToken)
    {
        var begun = _services.TimeProvider.GetTimestamp();
        _slot = await _services.Slots.EnterAsync(_text.Characters, cancellationToken);
        _slot.IsOfGrowingText = true;
        _services.Metrics.Waited(_services.TimeProvider.GetElapsedTime(begun));
        var run = _services.Pipeline.Start(_start.Request, _text, NoteProgress, cancellationToken);
        long sent;
        await using (
            var relay = new AudioRelay(run.Audio, _slot, _services.Options.BufferBytes, _patience, cancellationToken)
        )
        {
            sent = await SendAsync(relay.Audio, cancellationToken);
        }

        var report = run.Report();
        _services.Metrics.SpokeStream(report, sent);
        Log.Spoke(_services.Logger, report.Characters, report.Duration.TotalSeconds, report.Format.Name, sent);
        Volatile.Write(ref _isOver, true);
        await _connection.SendAsync(Done(Usage.Of(report), report.Characters, report.Duration, report.Warnings));
    }

    private async Task<long> SendAsync(PipeReader audio, CancellationToken cancellationToken)
    {
        // A message of samples holds whole ones.
        var unit = _start.Request.Format == AudioFormat.Pcm ? sizeof(short) : 1;
        var (sent, told) = (0L, _progress);
        while (true)
        {
            var read = await audio.ReadAsync(cancellationToken);
            var length = Math.Min(ReaderPatience.StepBytes, read.Buffer.Length);
            length -= read.IsCompleted ? 0 : length % unit;
            var now = read.Buffer.Slice(0, length);
            if (length > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var bytes = now.ToArray();
                await (
                    _start.IsBase64
                        ? _connection.SendAsync(new AudioMessage(Convert.ToBase64String(bytes)))
                        : _connection.SendAudioAsync(bytes)
                );
                sent += length;
            }

            var isLast = read.IsCompleted && length == read.Buffer.Length;
            audio.AdvanceTo(now.End, length == 0 ? read.Buffer.End : now.End);
            if (Volatile.Read(ref _progress) is var progress && progress.Characters != told.Characters)
            {
                told = progress;
                await _connection.SendAsync(progress);
            }

            if (isLast)
            {
                return sent;
            }
        }
    }

    /// <summary>On the engine's thread, after each frame.</summary>
    private void NoteProgress(SpeechProgress progress)
    {
        _slot!.Characters = _text.Characters;
        Volatile.Write(ref _progress, new ProgressMessage(_text.Taken, Math.Round(progress.Spoken.TotalSeconds, 3)));
    }

    private DoneMessage Done(Usage usage, int characters, TimeSpan duration, IReadOnlyList<string> warnings) =>
        new()
        {
            Usage = usage,
            Characters = characters,
            DurationSeconds = Math.Round(duration.TotalSeconds, 3),
            Seed = _start.Request.Seed,
            Warnings = warnings,
        };

    private async Task EndAsync(ApiException? error)
    {
        Volatile.Write(ref _isOver, true);
        // Who waits to add text to it need not.
        await _stop.CancelAsync();
        if (error is not null)
        {
            await _connection.SendAsync(ErrorMessage.Of(error)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _ended.TrySetResult(error);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Information,
            "Spoke a stream of {Characters} characters as {Seconds:F1} s of {Format}, {Bytes} bytes."
        )]
        public static partial void Spoke(ILogger logger, int characters, double seconds, string format, long bytes);

        [LoggerMessage(LogLevel.Warning, "A text stream's speech ended with the error '{Code}'.")]
        public static partial void BrokeOff(ILogger logger, string code);
    }
}
