using System.Runtime.CompilerServices;
using VibeVoice.Generation;
using VibeVoice.Text.Chunks;

namespace VibeVoice;

/// <summary>A text being spoken: frames to be read once, and a report that grows with them.</summary>
/// <remarks>
/// To be read by one reader; the report may be read from any thread at any time. What a speech needs is taken when
/// reading begins, and given back when it ends, also by <c>break</c>: the enumerator is what is disposed.
/// </remarks>
public sealed class Speech : IAsyncEnumerable<AudioFrame>
{
    private readonly VibeVoiceModel _model;
    private readonly ScriptReader _script;
    private readonly Narration _narration;
    private readonly CancellationToken _cancellationToken;
    private int _hasBegun;

    internal Speech(VibeVoiceModel model, ScriptReader script, Narration narration, CancellationToken cancellationToken)
    {
        _model = model;
        _script = script;
        _narration = narration;
        _cancellationToken = cancellationToken;
    }

    /// <summary>What has been spoken so far, and once the frames have ended, why.</summary>
    public SpeakReport Report => _narration.Report;

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
        await using var closingScript = _script.ConfigureAwait(false);
        var isWithReader = false;
        try
        {
            await foreach (var samples in _narration.SpeakAsync(_script, cancelled.Token).ConfigureAwait(false))
            {
                isWithReader = true;
                yield return new AudioFrame(samples, _model.SampleRateHz);
                isWithReader = false;
            }
        }
        finally
        {
            // Either the reader did not come back for the next frame, or a token was cancelled.
            if (isWithReader || (cancelled.IsCancellationRequested && Report.EndReason is null))
            {
                _narration.Cancel(_script);
            }
        }
    }
}
