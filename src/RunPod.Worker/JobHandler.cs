namespace RunPod.Worker;

/// <summary>Does one job. It runs on the thread pool and may block; several run at once if the options allow it.</summary>
/// <param name="job">The job: its id, its input, and ways to report progress.</param>
/// <param name="cancellationToken">
/// Cancelled when the job should end early; <see cref="JobContext.CancellationReason"/> says why.
/// </param>
/// <returns>What the client of the job gets.</returns>
public delegate Task<JobResult> JobHandler(JobContext job, CancellationToken cancellationToken);
