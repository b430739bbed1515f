using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Delivery;

/// <summary>Puts the file into the answer itself.</summary>
/// <param name="limitBytes">The most bytes of the whole answer; see <see cref="AnswerLimits.ForJob"/>.</param>
internal sealed class Base64Delivery(long limitBytes) : IDelivery
{
    public bool HeadCanBeCompleted => true;

    public async Task<DeliveredAudio> DeliverAsync(
        DeliveryRequest request,
        EncodedAudio audio,
        CancellationToken cancellationToken
    )
    {
        var collector = new AudioCollector(AnswerLimits.AudioBytes(limitBytes));
        await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
        {
            collector.Add(piece.Span);
            EnsureFits(collector, request.Format, limitBytes);
        }

        return new DeliveredAudio
        {
            AudioBase64 = collector.ToBase64(audio.CompletedHead.Span),
            Bytes = collector.Bytes,
        };
    }

    /// <summary>Nothing was left anywhere.</summary>
    public Task DiscardAsync(DeliveredAudio delivered, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Stops paid work the moment its result cannot be answered.</summary>
    public static void EnsureFits(AudioCollector collector, AudioFormat format, long limitBytes)
    {
        if (!collector.Fits)
        {
            throw new SpeechFailedException(
                $"The audio was stopped at {AnswerLimits.Megabytes(collector.Bytes)} of {format.Name}, "
                    + $"{AnswerLimits.Megabytes(collector.Bytes * 4 / 3)} as base64: the answer would pass RunPod's limit of "
                    + $"{AnswerLimits.Megabytes(limitBytes)}. {AnswerLimits.WayOut(format)}"
            );
        }
    }
}
