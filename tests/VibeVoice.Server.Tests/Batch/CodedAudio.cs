using VibeVoice.Server.Encoding;
using VibeVoice.Server.Tests.Encoding;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>Sound that is its text: a sample for each character, with silence around it, so that a book can be read back.</summary>
internal static class CodedAudio
{
    /// <summary>At 24 kHz a pace of 24 characters a second.</summary>
    private const int SamplesPerCharacter = 1000;

    public static double Seconds(string text) => (double)text.Length * SamplesPerCharacter / Tone.SampleRateHz;

    /// <summary>A wave file.</summary>
    public static byte[] Write(string text)
    {
        var samples = new byte[text.Length * SamplesPerCharacter * sizeof(short)];
        for (var i = 0; i < text.Length; i++)
        {
            BitConverter.TryWriteBytes(samples.AsSpan(i * SamplesPerCharacter * sizeof(short)), (short)text[i]);
        }

        return [.. WavFile.Head(Tone.SampleRateHz, samples.Length), .. samples];
    }

    /// <summary>What a lossless file says.</summary>
    public static async Task<string> ReadAsync(string path)
    {
        var text = new System.Text.StringBuilder();
        var reader = new AudioFileReader(new EncodingOptions());
        await foreach (var frame in reader.ReadAsync(path, Tone.SampleRateHz, TestContext.Current.CancellationToken))
        {
            foreach (var sample in frame.Samples.ToArray().Where(sample => sample != 0))
            {
                text.Append((char)MathF.Round(sample * 32768));
            }
        }

        return text.ToString();
    }
}
