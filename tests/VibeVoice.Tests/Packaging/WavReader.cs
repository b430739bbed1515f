using System.Buffers.Binary;
using System.Text;

namespace VibeVoice.Tests.Packaging;

/// <summary>Reads a wav file as strictly as a player would: sizes and rates must agree.</summary>
internal static class WavReader
{
    public static (int SampleRateHz, short[] Samples) Read(ReadOnlySpan<byte> file)
    {
        Encoding.ASCII.GetString(file[..4]).ShouldBe("RIFF");
        BinaryPrimitives.ReadInt32LittleEndian(file[4..]).ShouldBe(file.Length - 8);
        Encoding.ASCII.GetString(file[8..16]).ShouldBe("WAVEfmt ");
        BinaryPrimitives.ReadInt32LittleEndian(file[16..]).ShouldBe(16);
        BinaryPrimitives.ReadInt16LittleEndian(file[20..]).ShouldBe((short)1); // integers
        BinaryPrimitives.ReadInt16LittleEndian(file[22..]).ShouldBe((short)1); // one channel
        var rate = BinaryPrimitives.ReadInt32LittleEndian(file[24..]);
        BinaryPrimitives.ReadInt32LittleEndian(file[28..]).ShouldBe(2 * rate);
        BinaryPrimitives.ReadInt16LittleEndian(file[32..]).ShouldBe((short)2);
        BinaryPrimitives.ReadInt16LittleEndian(file[34..]).ShouldBe((short)16);
        Encoding.ASCII.GetString(file[36..40]).ShouldBe("data");
        BinaryPrimitives.ReadInt32LittleEndian(file[40..]).ShouldBe(file.Length - 44);
        return (rate, Samples(file[44..]));
    }

    /// <summary>16-bit little-endian samples.</summary>
    public static short[] Samples(ReadOnlySpan<byte> bytes)
    {
        var samples = new short[bytes.Length / 2];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes[(2 * i)..]);
        }

        return samples;
    }

    /// <summary>What a file of this audio must hold.</summary>
    public static short[] Samples(AudioFrame audio) =>
        [
            .. audio
                .Samples.ToArray()
                .Select(sample => (short)Math.Clamp(Math.Round(sample * 32768.0), short.MinValue, short.MaxValue)),
        ];
}
