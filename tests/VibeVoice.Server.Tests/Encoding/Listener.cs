using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using CliWrap;
using Testing;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>Reads encoded files with programs that had no part in writing them as they were written.</summary>
internal static class Listener
{
    public static async Task<ProbedFile> ProbeAsync(byte[] file)
    {
        // From a file and not a pipe: sizes, durations and tags after the data need seeking.
        var path = Path.Combine(Path.GetTempPath(), $"vibevoice-probe-{Guid.NewGuid():N}");
        await File.WriteAllBytesAsync(path, file);
        try
        {
            var text = new StringBuilder();
            await Cli.Wrap(RequiredTool.Find("ffprobe"))
                .WithArguments(["-loglevel", "error", "-show_format", "-show_streams", "-of", "json", path])
                .WithStandardOutputPipe(PipeTarget.ToStringBuilder(text))
                .ExecuteAsync();
            using var json = JsonDocument.Parse(text.ToString());
            var format = json.RootElement.GetProperty("format");
            var stream = json.RootElement.GetProperty("streams").EnumerateArray().ShouldHaveSingleItem();
            return new ProbedFile(
                stream.GetProperty("codec_name").GetString()!,
                int.Parse(stream.GetProperty("sample_rate").GetString()!, CultureInfo.InvariantCulture),
                stream.GetProperty("channels").GetInt32(),
                format.TryGetProperty("duration", out var duration)
                    ? double.Parse(duration.GetString()!, CultureInfo.InvariantCulture)
                    : null,
                // Ogg keeps its tags with the stream, the others with the file.
                new[] { format, stream }
                    .SelectMany(part => part.TryGetProperty("tags", out var tags) ? tags.EnumerateObject() : [])
                    .GroupBy(tag => tag.Name.ToLowerInvariant(), StringComparer.Ordinal)
                    .ToDictionary(tag => tag.Key, tag => tag.First().Value.GetString()!, StringComparer.Ordinal)
            );
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The samples a listener hears, at 24 kHz; <paramref name="input"/> says what headless bytes are.</summary>
    public static async Task<float[]> DecodeAsync(byte[] file, params string[] input)
    {
        var samples = new MemoryStream();
        await Cli.Wrap(RequiredTool.Find("ffmpeg"))
            .WithArguments([
                "-loglevel",
                "error",
                .. input,
                "-i",
                "pipe:0",
                "-ar",
                "24000",
                "-ac",
                "1",
                "-f",
                "f32le",
                "pipe:1",
            ])
            .WithStandardInputPipe(PipeSource.FromBytes(file))
            .WithStandardOutputPipe(PipeTarget.ToStream(samples))
            .ExecuteAsync();
        return MemoryMarshal.Cast<byte, float>(samples.ToArray()).ToArray();
    }

    /// <summary>Arguments that tell ffmpeg what a headless file is; none for the others.</summary>
    public static string[] InputOf(string format, int sampleRateHz = Tone.SampleRateHz) =>
        format is "pcm" ? ["-f", "s16le", "-ar", sampleRateHz.ToString(CultureInfo.InvariantCulture), "-ac", "1"] : [];

    /// <summary>Frequency of a sine by its rising zero crossings, and its loudness, away from the edges.</summary>
    public static (double FrequencyHz, double Rms) Measure(float[] samples)
    {
        var middle = samples.AsSpan(samples.Length / 5, samples.Length * 3 / 5);
        var rises = 0;
        var energy = 0.0;
        for (var i = 1; i < middle.Length; i++)
        {
            rises += middle[i - 1] < 0 && middle[i] >= 0 ? 1 : 0;
            energy += middle[i] * middle[i];
        }

        return (rises * (double)Tone.SampleRateHz / middle.Length, Math.Sqrt(energy / middle.Length));
    }
}

/// <summary>What ffprobe says about a file.</summary>
internal sealed record ProbedFile(
    string Codec,
    int SampleRateHz,
    int Channels,
    double? DurationSeconds,
    IReadOnlyDictionary<string, string> Tags
);
