using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Queue.OpenAi;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>The <c>output</c> of a job: where the audio is, and what is known of it.</summary>
internal sealed record JobAnswer
{
    public string? AudioUrl { get; init; }

    public string? AudioBase64 { get; init; }

    public required JobMetadata Metadata { get; init; }
}

/// <summary>One piece of a streamed answer: pieces in order make the file, the last item carries the metadata.</summary>
internal sealed record JobStreamItem
{
    public int? Index { get; init; }

    public string? AudioBase64 { get; init; }

    public JobMetadata? Metadata { get; init; }
}

/// <summary>The facts of one answer. Times in seconds.</summary>
internal sealed record JobMetadata
{
    public required string Engine { get; init; }

    public required string Model { get; init; }

    /// <summary>Where the model computed; with the precision, null for the preview voice.</summary>
    public string? Device { get; init; }

    public string? Precision { get; init; }

    public required string Voice { get; init; }

    public required string Format { get; init; }

    public required string ContentType { get; init; }

    public required int SampleRateHz { get; init; }

    public required double DurationSeconds { get; init; }

    public required int Characters { get; init; }

    public required long Bytes { get; init; }

    public required long Seed { get; init; }

    public required double FirstAudioSeconds { get; init; }

    public required double GenerationSeconds { get; init; }

    public required double RealTimeFactor { get; init; }

    public bool AiGenerated { get; init; } = true;

    public required IReadOnlyList<string> Warnings { get; init; }

    public string? Bucket { get; init; }

    public string? Key { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public static JobMetadata From(SpeechSummary report, DeliveredAudio delivered) =>
        new()
        {
            Engine = report.Engine,
            Model = report.Model,
            Device = report.Computing?.Device,
            Precision = report.Computing?.Precision,
            Voice = report.Voice,
            Format = report.Format.Name,
            ContentType = report.Format.ContentType,
            SampleRateHz = report.SampleRateHz,
            DurationSeconds = Seconds(report.Duration),
            Characters = report.Characters,
            Bytes = delivered.Bytes,
            Seed = report.Seed,
            FirstAudioSeconds = Seconds(report.FirstAudio),
            GenerationSeconds = Seconds(report.Generation),
            RealTimeFactor = Math.Round(report.RealTimeFactor, 4),
            Warnings = [.. report.Warnings, .. delivered.Warnings],
            Bucket = delivered.Bucket,
            Key = delivered.Key,
            ExpiresAt = delivered.ExpiresAt,
        };

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}

/// <summary>JSON of the answers: snake_case, numbers as numbers, nothing that is null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(JobStreamItem))]
[JsonSerializable(typeof(OpenAiSpeech))]
internal sealed partial class JobJson : JsonSerializerContext
{
    /// <summary>
    /// The one to use. The default encoder writes the '+' of base64 as six characters, which makes answers a tenth
    /// larger and stream pieces too large; none of this is ever put into a page.
    /// </summary>
    public static JobJson Compact => CompactHolder.Instance;

    /// <summary>Made after <see cref="Default"/>, which stands in another part of this class.</summary>
    private static class CompactHolder
    {
        public static readonly JobJson Instance = new(
            new JsonSerializerOptions(JobJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
        );
    }
}
