using System.Security.Cryptography;
using System.Text.Json;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>Brings the audio of a finished job into the work folder, and believes nothing about it that it did not check.</summary>
internal sealed class PartFetcher(
    EndpointClient client,
    WorkFolder folder,
    AudioFileReader reader,
    JobTemplate template
)
{
    /// <summary>Rate of the book.</summary>
    public const int SampleRateHz = 24_000;

    private const long MaxBytes = 500_000_000;

    /// <summary>Shorter texts may be read in any time.</summary>
    private const int MinJudgedCharacters = 100;

    /// <summary>Nobody reads so fast, and so slowly only where a model babbles: wide, for all languages and voices.</summary>
    private const double MostCharactersPerSecond = 60;

    private const double LeastCharactersPerSecond = 1;

    /// <param name="part">What was asked for.</param>
    /// <param name="output">The job's output.</param>
    /// <param name="cancellationToken">Gives it up; the job's result stays where it is.</param>
    /// <returns>The audio, in the work folder and decoded once to its end.</returns>
    /// <exception cref="PartFailedException">The answer, or the audio, is not what it should be.</exception>
    /// <exception cref="SpeechFailedException">The store cannot be reached, or the folder not be written.</exception>
    public async Task<PartAudio> FetchAsync(BookPart part, JsonElement output, CancellationToken cancellationToken)
    {
        var answer = Read(output);
        var facts = answer.Metadata;
        Check(facts.Format == template.Format.Name, $"The answer is {facts.Format}, not {template.Format}.");
        Check(
            facts.Characters == part.Characters,
            $"The answer speaks {facts.Characters} characters, but {part.Characters} were sent."
        );
        Check(facts.Bytes is > 0 and <= MaxBytes, $"The answer says that it has {facts.Bytes} bytes.");
        var bytes = await BytesAsync(answer, cancellationToken);
        Check(bytes.Length == facts.Bytes, $"The audio has {bytes.Length} bytes, but the answer says {facts.Bytes}.");

        var audio = new PartAudio(
            $"{part.Key}.{template.Format}",
            bytes.Length,
            Convert.ToHexStringLower(SHA256.HashData(bytes)),
            Samples: 0,
            $"{facts.Engine} ({facts.Model})",
            facts.Warnings
        );
        await folder.WriteAsync(audio, bytes, cancellationToken);
        audio = audio with { Samples = await CountSamplesAsync(audio, cancellationToken) };
        CheckDuration(part, (double)audio.Samples / SampleRateHz, facts.DurationSeconds);
        return audio;
    }

    private static JobAnswer Read(JsonElement output)
    {
        try
        {
            return output.Deserialize(JobJson.Default.JobAnswer)!;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new PartFailedException(
                "The answer is not that of a vibevoice worker; is another program behind the endpoint?",
                exception
            );
        }
    }

    private async Task<byte[]> BytesAsync(JobAnswer answer, CancellationToken cancellationToken)
    {
        try
        {
            if (answer.AudioBase64 is { } base64)
            {
                return Convert.FromBase64String(base64);
            }

            return Uri.TryCreate(answer.AudioUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? await client.DownloadAsync(url, answer.Metadata.Bytes, cancellationToken)
                : throw new PartFailedException("The answer has neither 'audio_base64' nor an http(s) 'audio_url'.");
        }
        catch (Exception exception) when (exception is FormatException or EndpointFailure)
        {
            throw new PartFailedException(exception.Message, exception);
        }
    }

    private async Task<long> CountSamplesAsync(PartAudio audio, CancellationToken cancellationToken)
    {
        try
        {
            var samples = 0L;
            await foreach (var frame in reader.ReadAsync(folder.PathOf(audio), SampleRateHz, cancellationToken))
            {
                samples += frame.Samples.Length;
            }

            return samples;
        }
        catch (SpeechFailedException exception)
        {
            throw new PartFailedException($"The audio cannot be decoded: {exception.Message}", exception);
        }
    }

    private void CheckDuration(BookPart part, double seconds, double told)
    {
        // At another tempo the worker tells what the samples come to, and ffmpeg rounds.
        var tolerance = template.Speed == 1 ? 0.01 : 0.1 + (0.01 * told);
        Check(
            Math.Abs(seconds - told) <= tolerance,
            FormattableString.Invariant($"The audio has {seconds:F2} s, but the answer says {told:F2} s.")
        );
        var pace = part.Characters / (seconds * template.Speed);
        var mayBeSlow = part.Text.Contains("pause", StringComparison.OrdinalIgnoreCase);
        Check(
            part.Characters < MinJudgedCharacters
                || (pace <= MostCharactersPerSecond && (mayBeSlow || pace >= LeastCharactersPerSecond)),
            FormattableString.Invariant($"The audio has {seconds:F2} s for {part.Characters} characters.")
        );
    }

    private static void Check(bool isGood, string problem)
    {
        if (!isGood)
        {
            throw new PartFailedException(problem);
        }
    }
}
