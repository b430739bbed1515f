using System.Buffers.Binary;

namespace VibeVoice;

/// <summary>Signed 16-bit little-endian samples: what sound cards, wav files and most services take.</summary>
/// <remarks>Thread-safe: it holds no state, and nothing to dispose.</remarks>
public static class Pcm16
{
    /// <summary>Bytes of one sample.</summary>
    public const int SampleBytes = sizeof(short);

    /// <summary>Rounds to the nearest step and clamps to the range; what is not a number becomes silence.</summary>
    /// <param name="samples">Nominally in [-1, 1], shape <c>[S]</c>.</param>
    /// <param name="destination">At least 2·S bytes; gets the same numbers that ffmpeg would make of the floats.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void Convert(ReadOnlySpan<float> samples, Span<byte> destination)
    {
        if (destination.Length < samples.Length * SampleBytes)
        {
            throw new ArgumentException(
                $"{samples.Length} samples take {samples.Length * SampleBytes} bytes, but the destination has {destination.Length}.",
                nameof(destination)
            );
        }

        for (var i = 0; i < samples.Length; i++)
        {
            var value = Math.Clamp(MathF.Round(samples[i] * 32768f), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(destination[(i * SampleBytes)..], (short)value);
        }
    }
}
