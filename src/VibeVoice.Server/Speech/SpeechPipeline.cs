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
        var meter = new SpeechMeter(timeProvider, request.Speed);
        var frames = MeterAsync(request, meter, progress, cancellationToken);
        return Run(frames, request, meter, headCanBeCompleted, cancellationToken);
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
        var meter = new SpeechMeter(timeProvider, request.Speed);
        var frames = MeterKeptAsync(spoken, request, meter, cancellationToken);
        return Run(frames, request, meter, headCanBeCompleted, cancellationToken);
    }

    private SpeechRun Run(
        IAsyncEnumerable<AudioFrame> frames,
        SpeechRequest request,
        SpeechMeter meter,
        bool headCanBeCompleted,
        CancellationToken cancellationToken
    )
    {
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

    private async IAsyncEnumerable<AudioFrame> MeterKeptAsync(
        IAsyncEnumerable<AudioFrame> spoken,
        SpeechRequest request,
        SpeechMeter meter,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        meter.Begin();
        await foreach (var frame in spoken.WithCancellation(cancellationToken))
        {
            meter.Add(frame);
            yield return frame;
        }

        End(meter, request);
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

    private async IAsyncEnumerable<AudioFrame> MeterAsync(
        SpeechRequest request,
        SpeechMeter meter,
        Action<SpeechProgress>? progress,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        meter.Begin();
        await foreach (var frame in synthesizer.SpeakAsync(request, cancellationToken))
        {
            if (frame.Warning is not null)
            {
                meter.Warnings.Add(frame.Warning);
            }

            meter.TextTokens ??= frame.TextTokens;
            if (!frame.Audio.Samples.IsEmpty)
            {
                meter.Add(frame.Audio);
                yield return frame.Audio;
            }

            progress?.Invoke(new SpeechProgress(meter.AudioDuration, frame.ShareOfText));
        }

        End(meter, request);
    }

    private void End(SpeechMeter meter, SpeechRequest request)
    {
        meter.End();
        if (meter.Peak < SilencePeak)
        {
            throw new SpeechFailedException(
                $"The {synthesizer.Engine} engine made no audible sound from the text ({request.Characters} characters); "
                    + "give it words to speak, in the language of the voice."
            );
        }
    }
}

/// <summary>How far a request has come.</summary>
/// <param name="Spoken">Audio made so far, at the answer's tempo.</param>
/// <param name="ShareOfText">0 to 1.</param>
internal sealed record SpeechProgress(TimeSpan Spoken, double ShareOfText);
