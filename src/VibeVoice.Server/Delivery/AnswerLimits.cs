using System.Globalization;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Delivery;

/// <summary>How large an answer of RunPod's may be, and whether audio fits into it as base64.</summary>
internal static class AnswerLimits
{
    /// <summary>Bytes of an answer to <c>/run</c>: 10 MB.</summary>
    public const long RunBytes = 10_000_000;

    /// <summary>Bytes of an answer to <c>/runsync</c>: 20 MB.</summary>
    public const long RunSyncBytes = 20_000_000;

    // What stands around the base64: metadata, warnings, RunPod's own fields.
    private const int EnvelopeBytes = 32_768;

    // English read aloud; other languages and voices stay within a factor of two.
    private const double CharactersPerSecond = 15;

    /// <summary>The limit of a job: RunPod tells the two calls apart only by the id.</summary>
    public static long ForJob(string jobId) =>
        jobId.StartsWith("sync-", StringComparison.Ordinal) ? RunSyncBytes : RunBytes;

    /// <summary>The most bytes of audio that fit into an answer of <paramref name="limitBytes"/>.</summary>
    public static long AudioBytes(long limitBytes) => Math.Max(0, limitBytes - EnvelopeBytes) / 4 * 3;

    /// <summary>Refuses a text whose audio would come nowhere near fitting, before any work is paid for.</summary>
    /// <param name="characters">Characters of the text.</param>
    /// <param name="speed">Tempo; 2 halves the audio.</param>
    /// <param name="format">Format of the answer.</param>
    /// <param name="encoding">Bit rates.</param>
    /// <param name="limitBytes">The limit on the whole answer.</param>
    /// <exception cref="JobRejectedException">The estimate is more than twice the limit.</exception>
    public static void EnsureEstimateFits(
        int characters,
        double speed,
        AudioFormat format,
        EncodingOptions encoding,
        long limitBytes
    )
    {
        var seconds = EstimatedDuration(characters, speed).TotalSeconds;
        var answerBytes = (seconds * BytesPerSecond(format, encoding) * 4 / 3) + EnvelopeBytes;
        if (answerBytes > 2.0 * limitBytes)
        {
            throw new JobRejectedException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"text has {characters} characters, about {seconds / 60:0.#} minutes of speech: as {format.Name} in base64 the answer would have about {Megabytes((long)answerBytes)}, but RunPod allows {Megabytes(limitBytes)}. {WayOut(format)}"
                )
            );
        }
    }

    /// <summary>
    /// The most characters of a job of <c>/run</c> whose audio surely fits into its answer: half of what fits where a voice
    /// reads as English is read aloud, since other languages and voices need up to twice as long.
    /// </summary>
    /// <param name="format">Format of the answer.</param>
    /// <param name="speed">Tempo; 2 halves the audio.</param>
    /// <param name="encoding">Bit rates.</param>
    public static int CharactersThatFit(AudioFormat format, double speed, EncodingOptions encoding) =>
        (int)(AudioBytes(RunBytes) / BytesPerSecond(format, encoding) * CharactersPerSecond * speed / 2);

    /// <summary>How long a text sounds where English is read aloud.</summary>
    public static TimeSpan EstimatedDuration(long characters, double speed) =>
        TimeSpan.FromSeconds(characters / CharactersPerSecond / speed);

    /// <summary>What to do about an answer that is too large, as a sentence.</summary>
    public static string WayOut(AudioFormat format) =>
        format == AudioFormat.Mp3 || format == AudioFormat.Opus || format == AudioFormat.Aac
            ? "Set a bucket (BUCKET_NAME, or s3Config in the job) so that answers carry a URL, or send the text in parts."
            : "Set a bucket (BUCKET_NAME, or s3Config in the job) so that answers carry a URL, or ask for 'mp3'.";

    /// <summary>Decimal megabytes, as RunPod counts them: "7.4 MB".</summary>
    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");

    private static double BytesPerSecond(AudioFormat format, EncodingOptions encoding)
    {
        const int PcmBytesPerSecond = 24_000 * sizeof(short);
        return format switch
        {
            _ when format == AudioFormat.Mp3 => encoding.Mp3BitrateKbps * 125.0,
            _ when format == AudioFormat.Aac => encoding.AacBitrateKbps * 125.0,
            _ when format == AudioFormat.Opus => encoding.OpusBitrateKbps * 125.0,
            // Speech comes to about half in flac.
            _ when format == AudioFormat.Flac => PcmBytesPerSecond * 0.5,
            _ => PcmBytesPerSecond,
        };
    }
}
