using System.Globalization;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>The command line that turns float32 samples on standard input into a file on standard output.</summary>
internal static class FfmpegArguments
{
    /// <summary>Encoders that ffmpeg must have for every format to work.</summary>
    public static readonly IReadOnlyList<string> Encoders = ["libmp3lame", "aac", "libopus", "flac"];

    public static IReadOnlyList<string> For(EncodingRequest request, EncodingOptions options) =>
        [
            "-hide_banner",
            "-nostdin",
            "-loglevel",
            "error",
            // Raw samples need no probing, and every probed byte delays the first one out.
            "-probesize",
            "32",
            "-f",
            "f32le",
            "-ar",
            Text(request.SampleRateHz),
            "-ac",
            "1",
            "-i",
            "pipe:0",
            .. Tempo(request.Speed),
            .. Tags(request),
            .. Format(request.Format, options),
            "-flush_packets",
            "1",
            "pipe:1",
        ];

    // One atempo goes down to 0.5 and, above 2, drops samples instead of blending them: stages of equal factor in
    // [0.5, 2] do neither.
    private static IEnumerable<string> Tempo(double speed)
    {
        if (speed == 1)
        {
            return [];
        }

        var stages = Math.Max(1, (int)Math.Ceiling(Math.Abs(Math.Log2(speed)) - 1e-9));
        var factor = Math.Clamp(Math.Pow(speed, 1.0 / stages), 0.5, 2);
        return ["-filter:a", string.Join(',', Enumerable.Repeat($"atempo={Text(factor)}", stages))];
    }

    private static IEnumerable<string> Tags(EncodingRequest request) =>
        ["-metadata", $"comment={request.AiComment}", "-metadata", "ai_generated=true"];

    private static string[] Format(AudioFormat format, EncodingOptions options) =>
        format.Name switch
        {
            // ID3v2.3 is what old players and Windows read.
            "mp3" => ["-c:a", "libmp3lame", "-b:a", Kilo(options.Mp3BitrateKbps), "-id3v2_version", "3", "-f", "mp3"],
            "aac" => ["-c:a", "aac", "-b:a", Kilo(options.AacBitrateKbps), "-write_id3v2", "1", "-f", "adts"],
            // Ogg collects a second of sound in a page unless told otherwise (microseconds).
            "opus" =>
            [
                "-c:a",
                "libopus",
                "-b:a",
                Kilo(options.OpusBitrateKbps),
                "-page_duration",
                "100000",
                "-f",
                "ogg",
            ],
            // Float samples would become 24-bit ones, and files twice the size for no sound that was ever there.
            "flac" => ["-c:a", "flac", "-sample_fmt", "s16", "-f", "flac"],
            "wav" or "pcm" => ["-c:a", "pcm_s16le", "-f", "s16le"],
            _ => throw new NotSupportedException($"No encoder is known for format '{format}'."),
        };

    private static string Kilo(int kilobits) => Text(kilobits) + "k";

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
