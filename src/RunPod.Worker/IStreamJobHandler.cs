namespace RunPod.Worker;

/// <summary>
/// Does jobs whose output comes in pieces. Each piece reaches the client before the next is asked for; like
/// <see cref="IJobHandler{TInput, TOutput}"/> otherwise, and as thread-safe.
/// </summary>
/// <typeparam name="TInput">What a job's <c>input</c> is read as. An input that does not fit fails the job with a sentence.</typeparam>
/// <typeparam name="TPiece">One piece of the output, under 1 MB as JSON.</typeparam>
public interface IStreamJobHandler<in TInput, out TPiece>
{
    /// <summary>Does one job. It runs on the thread pool and may block.</summary>
    /// <param name="input">The job's input; never null.</param>
    /// <param name="job">The job's id, and ways to report progress.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the job should end early; <see cref="JobContext.CancellationReason"/> says why.
    /// </param>
    /// <returns>The pieces. An exception in the enumeration fails the job after the pieces that were sent.</returns>
    IAsyncEnumerable<TPiece> HandleAsync(TInput input, JobContext job, CancellationToken cancellationToken);
}
