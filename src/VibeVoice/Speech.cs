using System.Runtime.CompilerServices;
using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice;

/// <summary>A text being spoken: frames to be read once, and a report that grows with them.</summary>
/// <remarks>
/// To be read by one reader; the report may be read from any thread at any time. What a speech needs is taken when
/// reading begins, and given back when it ends, also by <c>break</c>: the enumerator is what is disposed.
/// </remarks>
public sealed class Speech : IAsyncEnumerable<AudioFrame>
{
    private readonly VibeVoiceModel _model;
    private readonly IAsyncEnumerable<string> _text;
    private readonly VoicePreset _voice;
    private readonly SpeechRunOptions _options;
    private readonly CancellationToken _cancellationToken;
    private SpeakReport _report = new(0, 0, TimeSpan.Zero, null, 0, EndedBeforeText: false, 0);
    private int _hasBegun;

    internal Speech(
        VibeVoiceModel model,
        IAsyncEnumerable<string> text,
        VoicePreset voice,
        SpeechRunOptions options,
        CancellationToken cancellationToken
    )
    {
        _model = model;
        _text = text;
        _voice = voice;
        _options = options;
        _cancellationToken = cancellationToken;
    }

    /// <summary>What has been spoken so far, and once the frames have ended, why.</summary>
    public SpeakReport Report => Volatile.Read(ref _report);

    /// <summary>Begins to speak.</summary>
    /// <param name="cancellationToken">Stops within one frame, as the one given to the model does.</param>
    /// <returns>The frames, to be read once.</returns>
    /// <exception cref="InvalidOperationException">The frames were read before.</exception>
    public IAsyncEnumerator<AudioFrame> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) != 0)
        {
            throw new InvalidOperationException("A speech can be read once. Ask the model to speak again.");
        }

        return SpeakAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    /// <summary>Reads all frames and joins them.</summary>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <returns>The whole speech as one long frame.</returns>
    /// <exception cref="InvalidOperationException">The frames were read before.</exception>
    public async Task<AudioFrame> ToAudioAsync(CancellationToken cancellationToken = default)
    {
        var samples = new List<float>();
        await foreach (var frame in this.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            samples.AddRange(frame.Samples.Span);
        }

        return new AudioFrame(samples.ToArray(), _model.SampleRateHz);
    }

    private async IAsyncEnumerable<AudioFrame> SpeakAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken, cancellationToken);
        using var engine = _model.Enter();
        var tokens = _model.Tokenize(_text);
        await using var closingTokens = tokens.ConfigureAwait(false);
        using var run = new SpeechRun(engine, _voice, _options);
        var isWithReader = false;
        try
        {
            while (run.End is null)
            {
                var window = run.NeedsText
                    ? await tokens.TakeAsync(SpeechRun.TokensPerWindow, cancelled.Token).ConfigureAwait(false)
                    : [];
                if (tokens.Taken == 0)
                {
                    break; // a text of nothing but white space: a model given none would speak of anything
                }

                if (await ComputeAsync(run, window, cancelled.Token).ConfigureAwait(false) is { } samples)
                {
                    var frame = Limit(samples, run, tokens);
                    isWithReader = true;
                    yield return frame;
                    isWithReader = false;
                }
            }

            Publish(run, tokens, Report.PeakLevel, run.End ?? SpeechEndReason.EndOfSpeech);
        }
        finally
        {
            // Either the reader did not come back for the next frame, or a token was cancelled.
            if (isWithReader || (cancelled.IsCancellationRequested && Report.EndReason is null))
            {
                Publish(run, tokens, Report.PeakLevel, SpeechEndReason.Cancelled);
            }
        }
    }

    /// <summary>One turn: the text of a window, where one begins, and a frame, away from the reader's thread.</summary>
    private async ValueTask<float[]?> ComputeAsync(SpeechRun run, int[] window, CancellationToken cancellationToken)
    {
        using var turn = await _model.TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(
                () =>
                {
                    run.ReadText(window);
                    return run.End is null ? run.NextFrame() : null;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private AudioFrame Limit(float[] samples, SpeechRun run, TokenStream tokens)
    {
        var peak = 0f;
        for (var i = 0; i < samples.Length; i++)
        {
            peak = Math.Max(peak, Math.Abs(samples[i])); // NaN stays
            samples[i] = Math.Clamp(samples[i], -1f, 1f); // each by itself: what is in range is never touched
        }

        if (!float.IsFinite(peak))
        {
            throw new InvalidOperationException(
                $"Frame {run.FramesPutOut} holds a sample that is not a number. Check that the weights are not damaged."
            );
        }

        Publish(run, tokens, Math.Max(Report.PeakLevel, peak), end: null);
        return new AudioFrame(samples, _model.SampleRateHz);
    }

    private void Publish(SpeechRun run, TokenStream tokens, float peak, SpeechEndReason? end) =>
        Volatile.Write(
            ref _report,
            new SpeakReport(
                run.FramesComputed,
                run.FramesPutOut,
                TimeSpan.FromSeconds((double)run.FramesPutOut * _model.SamplesPerFrame / _model.SampleRateHz),
                end,
                tokens.Taken,
                EndedBeforeText: end is not null && !tokens.IsConsumed,
                peak
            )
        );
}
