using System.ComponentModel;
using System.Text.Json.Serialization;
using VibeVoice.Server.Http.Jobs.Storage;
using VibeVoice.Server.Queue;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>A job as clients see it. Times are seconds since 1970, as OpenAI's.</summary>
internal sealed record JobResource
{
    public required string Id { get; init; }

    public string Object { get; init; } = "audio.job";

    [Description("queued, running, done, failed or cancelled.")]
    public required string Status { get; init; }

    public required long CreatedAt { get; init; }

    public long? StartedAt { get; init; }

    public long? FinishedAt { get; init; }

    [Description("When it is deleted, with its audio.")]
    public required long ExpiresAt { get; init; }

    public required JobProgress Progress { get; init; }

    [Description(
        "Where the audio is, once it is done: an address of this server, or a URL of the bucket that needs no key."
    )]
    public string? AudioUrl { get; init; }

    public JobMetadata? Metadata { get; init; }

    public ErrorDetails? Error { get; init; }

    [Description("Fields that were given and change nothing.")]
    public IReadOnlyList<string>? Ignored { get; init; }

    public static JobResource Of(string id, KeptRequest request, KeptState state, TimeSpan retention, IJobStore store)
    {
        var isDone = state.Status == JobStatus.Done;
        var file = isDone ? store.Presign(id, JobFiles.Audio(request.KnownFormat)) : null;
        return new JobResource
        {
            Id = id,
            Status = NameOf(state.Status),
            CreatedAt = request.CreatedAt.ToUnixTimeSeconds(),
            StartedAt = state.StartedAt?.ToUnixTimeSeconds(),
            FinishedAt = state.FinishedAt?.ToUnixTimeSeconds(),
            ExpiresAt = (request.CreatedAt + retention).ToUnixTimeSeconds(),
            Progress = new JobProgress(
                Math.Round(state.ShareOfText, 4),
                Math.Round(state.SecondsSpoken, 2),
                state.Parts.Count,
                isDone ? state.Parts.Count : state.PartsPlanned
            ),
            AudioUrl = isDone ? file?.Url ?? $"{JobRoutes.Path}/{id}/audio" : null,
            Metadata = state.Metadata is { } metadata
                ? metadata with
                {
                    Bucket = file?.Bucket,
                    Key = file?.Key,
                    ExpiresAt = file?.ExpiresAt,
                }
                : null,
            Error = state.Error,
            Ignored = request.Ignored.Count > 0 ? request.Ignored : null,
        };
    }

    public static string NameOf(JobStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>How far a job is.</summary>
/// <param name="ShareOfText">0 to 1.</param>
/// <param name="SecondsSpoken">Of audio.</param>
/// <param name="PartsDone">Parts that are kept: what is spoken need not be spoken again.</param>
/// <param name="Parts">How many there will be; null before the job is begun.</param>
internal sealed record JobProgress(double ShareOfText, double SecondsSpoken, int PartsDone, int? Parts);

/// <summary>A job that was deleted.</summary>
internal sealed record DeletedJob(string Id, string Object, string Status, bool Deleted);

/// <summary>JSON of these answers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(JobResource))]
[JsonSerializable(typeof(DeletedJob))]
internal sealed partial class JobsJson : JsonSerializerContext;
