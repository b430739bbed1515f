using System.Runtime.CompilerServices;
using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Speech;

/// <summary>
/// Text in, one encoded file out, streaming: the command line, the queue handler and every HTTP route speak through it.
/// </summary>
internal sealed class SpeechPipeline(ISynthesizer synthesizer, AudioEncoder encoder, TimeProvider timeProvider)
{
    /// <summary>Quieter than this from end to end is silence: −60 dB of full scale.</summary>
    private const float SilencePeak = 0.001f;

    /// <summary>Begins to speak as soon as the run's audio is read.</summary>
    /// <param name="headCanBeCompleted">See <see cref="EncodingRequest.HeadCanBeCompleted"/>.</param>
    /// <param name="progress">Told after each frame, on the synthesizer's thread.</param>
    public SpeechRun Start(
        SpeechRequest request,
        bool headCanBeCompleted,
        Action<SpeechProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var meter = new SpeechMeter(timeProvider, request.Speed) { Characters = request.Characters };
        var frames = synthesizer.SpeakAsync(request, cancellationToken);
        return Start(request, frames, meter, headCanBeCompleted, progress, cancellationToken);
    }

    /// <summary>The same while the text is being written.</summary>
    /// <param name="request">How; its own text is not read.</param>
    /// <param name="text">What to say.</param>
    /// <param name="progress">Told after each frame, on the synthesizer's thread; it knows no share of the text.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    public SpeechRun Start(
        SpeechRequest request,
        GrowingText text,
        Action<SpeechProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var meter = new SpeechMeter(timeProvider, request.Speed);
        var frames = SpeakAsync(request, text, meter, cancellationToken);
        return Start(request, frames, meter, headCanBeCompleted: false, progress, cancellationToken);
    }

    /// <summary>The same of what was spoken before and kept.</summary>
    /// <param name="spoken">All frames of the speech.</param>
    public SpeechRun Join(
        IAsyncEnumerable<AudioFrame> spoken,
        SpeechRequest request,
        bool headCanBeCompleted,
        CancellationToken cancellationToken
    )
    {
        var meter = new SpeechMeter(timeProvider, request.Speed) { Characters = request.Characters };
        var frames = spoken.Select(frame => new SpokenFrame(frame, 1));
        return Start(request, frames, meter, headCanBeCompleted, progress: null, cancellationToken);
    }

    private SpeechRun Start(
        SpeechRequest request,
        IAsyncEnumerable<SpokenFrame> spoken,
        SpeechMeter meter,
        bool headCanBeCompleted,
        Action<SpeechProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var frames = MeterAsync(spoken, meter, progress, cancellationToken);
        var encoding = new EncodingRequest
        {
            Format = request.Format,
            SampleRateHz = synthesizer.SampleRateHz,
            Speed = request.Speed,
            GeneratedBy = $"{synthesizer.Engine} ({synthesizer.Model})",
            HeadCanBeCompleted = headCanBeCompleted,
        };
        return new SpeechRun(encoder.Encode(frames, encoding, cancellationToken), meter, synthesizer, request);
    }

    /// <summary>What is kept with the file wherever it can be: that a machine made it, and which.</summary>
    public IReadOnlyDictionary<string, string> Labels(SpeechRequest request) =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ai-generated"] = "true",
            ["engine"] = synthesizer.Engine,
            ["model"] = synthesizer.Model,
            ["voice"] = request.Voice.Name,
        };

    /// <summary>One stretch of the text after another, each spoken as a text of its own.</summary>
    private async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        GrowingText text,
        SpeechMeter meter,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var tokensBefore = 0;
        await foreach (var stretch in text.StretchesAsync(cancellationToken))
        {
            int? tokens = null;
            await foreach (var frame in synthesizer.SpeakAsync(request, stretch, cancellationToken))
            {
                tokens = frame.TextTokens ?? tokens;
                yield return frame with
                {
                    TextTokens = tokensBefore + tokens,
                };
            }

            tokensBefore += tokens ?? 0;
            meter.Characters = text.Characters;
        }
    }

    private async IAsyncEnumerable<AudioFrame> MeterAsync(
        IAsyncEnumerable<SpokenFrame> spoken,
        SpeechMeter meter,
        Action<SpeechProgress>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        meter.Begin();
        await foreach (var frame in spoken.WithCancellation(cancellationToken))
        {
            if (frame.Warning is not null)
            {
                meter.Warnings.Add(frame.Warning);
            }

            meter.TextTokens = frame.TextTokens ?? meter.TextTokens;
            if (!frame.Audio.Samples.IsEmpty)
            {
                meter.Add(frame.Audio);
                yield return frame.Audio;
            }

            progress?.Invoke(new SpeechProgress(meter.AudioDuration, frame.ShareOfText));
        }

        meter.End();
        if (meter.Peak < SilencePeak)
        {
            throw new SpeechFailedException(
                $"The {synthesizer.Engine} engine made no audible sound from the text ({meter.Characters} characters); "
                    + "give it words to speak, in the language of the voice."
            );
        }
    }
}

/// <summary>How far a request has come.</summary>
/// <param name="Spoken">Audio made so far, at the answer's tempo.</param>
/// <param name="ShareOfText">0 to 1.</param>
internal sealed record SpeechProgress(TimeSpan Spoken, double ShareOfText);
