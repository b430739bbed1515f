using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>Settings of jobs for long text over HTTP.</summary>
internal sealed record JobOptions
{
    [Setting("HTTP_JOB_MAX_TEXT_CHARACTERS", "Longest text of a job over HTTP, in Unicode scalars after trimming.")]
    [Range(1, 5_000_000)]
    public int MaxTextCharacters { get; init; } = 200_000;

    [Setting(
        "HTTP_JOBS_OPEN",
        "Jobs over HTTP that may be unfinished, on all workers together; one more is answered 429."
    )]
    [Range(1, 10_000)]
    public int MostOpen { get; init; } = 100;

    [Setting(
        "HTTP_JOB_RETENTION_DAYS",
        "Age in days after which a job over HTTP is deleted, with its audio and whatever else is kept of it."
    )]
    [Range(1, 36_500)]
    public int RetentionDays { get; init; } = 7;
}
