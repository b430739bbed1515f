using System.Globalization;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>The command line that turns float32 samples on standard input into a file on standard output.</summary>
internal static class FfmpegArguments
{
    /// <summary>Encoders that ffmpeg must have for every format to work.</summary>
    public static readonly IReadOnlyList<string> Encoders = ["libmp3lame", "aac", "libopus", "flac"];

    private static readonly string[] Quiet = ["-hide_banner", "-nostdin", "-loglevel", "error"];

    public static IReadOnlyList<string> For(EncodingRequest request, EncodingOptions options) =>
        [
            .. Quiet,
            .. Samples(request.SampleRateHz),
            .. Tempo(request.Speed),
            .. Tags(request),
            .. Codec(request.Format, options),
            .. Container(request.Format),
            "-flush_packets",
            "1",
            "pipe:1",
        ];

    /// <summary>Samples on standard input into a file of its own, with tags and chapters from another file.</summary>
    /// <param name="sampleRateHz">Of the samples and the file.</param>
    /// <param name="tags">A file in ffmpeg's own format for metadata.</param>
    /// <param name="codec">The format whose codec is used.</param>
    /// <param name="container">The arguments that choose the container; null for the codec's own.</param>
    /// <param name="output">The file, replaced where it exists: a container may need to go back to its beginning.</param>
    public static IReadOnlyList<string> ForFile(
        int sampleRateHz,
        string tags,
        AudioFormat codec,
        IEnumerable<string>? container,
        string output,
        EncodingOptions options
    ) =>
        [
            .. Quiet,
            .. Samples(sampleRateHz),
            "-f",
            "ffmetadata",
            "-i",
            $"file:{tags}",
            "-map",
            "0:a",
            "-map_metadata",
            "1",
            "-map_chapters",
            "1",
            .. Codec(codec, options),
            .. container ?? Container(codec),
            "-y",
            $"file:{output}",
        ];

    /// <summary>A file into float32 samples on standard output.</summary>
    public static IReadOnlyList<string> ToSamples(string path, int sampleRateHz) =>
        [.. Quiet, "-xerror", "-i", $"file:{path}", "-f", "f32le", "-ar", Text(sampleRateHz), "-ac", "1", "pipe:1"];

    // Raw samples need no probing, and every probed byte delays the first one out.
    private static string[] Samples(int sampleRateHz) =>
        ["-probesize", "32", "-f", "f32le", "-ar", Text(sampleRateHz), "-ac", "1", "-i", "pipe:0"];

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

    private static string[] Codec(AudioFormat format, EncodingOptions options) =>
        format.Name switch
        {
            "mp3" => ["-c:a", "libmp3lame", "-b:a", Kilo(options.Mp3BitrateKbps)],
            "aac" => ["-c:a", "aac", "-b:a", Kilo(options.AacBitrateKbps)],
            "opus" => ["-c:a", "libopus", "-b:a", Kilo(options.OpusBitrateKbps)],
            // Float samples would become 24-bit ones, and files twice the size for no sound that was ever there.
            "flac" => ["-c:a", "flac", "-sample_fmt", "s16"],
            "wav" or "pcm" => ["-c:a", "pcm_s16le"],
            _ => throw new NotSupportedException($"No encoder is known for format '{format}'."),
        };

    private static string[] Container(AudioFormat format) =>
        format.Name switch
        {
            // ID3v2.3 is what old players and Windows read.
            "mp3" => ["-id3v2_version", "3", "-f", "mp3"],
            "aac" => ["-write_id3v2", "1", "-f", "adts"],
            // Ogg collects a second of sound in a page unless told otherwise (microseconds).
            "opus" => ["-page_duration", "100000", "-f", "ogg"],
            "flac" => ["-f", "flac"],
            _ => ["-f", "s16le"],
        };

    private static string Kilo(int kilobits) => Text(kilobits) + "k";

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
