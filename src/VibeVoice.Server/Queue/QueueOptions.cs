using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Queue;

/// <summary>Process-wide settings of the queue worker; the platform's own RUNPOD_* variables are the worker library's.</summary>
internal sealed record QueueOptions
{
    [Setting(
        "WORKER_CONCURRENCY",
        "Jobs that run at once; the VibeVoice engine computes them together, frame by frame, each in memory of its own."
    )]
    [Range(1, 256)]
    public int Concurrency { get; init; } = 1;

    [Setting("JOB_TIMEOUT_SECONDS", "Longest time one job may take before it fails, in seconds.")]
    [Range(1, 604_800)]
    public int JobTimeoutSeconds { get; init; } = 3600;
}
