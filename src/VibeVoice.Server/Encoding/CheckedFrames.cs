using System.Runtime.CompilerServices;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>What an encoder may expect of the frames it is given.</summary>
internal static class CheckedFrames
{
    /// <summary>The same frames, held to one sample rate and to being sound at all.</summary>
    /// <param name="counted">Told the length of each frame.</param>
    /// <exception cref="InvalidOperationException">A frame has another sample rate: a bug.</exception>
    /// <exception cref="SpeechFailedException">There was not one sample: an error, not an empty file.</exception>
    public static async IAsyncEnumerable<AudioFrame> CheckAsync(
        this IAsyncEnumerable<AudioFrame> frames,
        int sampleRateHz,
        Action<int>? counted = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var isEmpty = true;
        await foreach (var frame in frames.WithCancellation(cancellationToken))
        {
            if (frame.SampleRateHz != sampleRateHz)
            {
                throw new InvalidOperationException(
                    $"A frame has {frame.SampleRateHz} Hz, but the file was started with {sampleRateHz} Hz."
                );
            }

            isEmpty &= frame.Samples.IsEmpty;
            counted?.Invoke(frame.Samples.Length);
            yield return frame;
        }

        if (isEmpty)
        {
            throw new SpeechFailedException("The text came out as no sound at all; there is nothing to encode.");
        }
    }
}
