namespace RunPod.Worker;

/// <summary>
/// Does jobs whose input and output are types, read and written by the metadata of a source-generated
/// <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>. One instance serves all jobs, several at once where
/// the options allow it, so it must be thread-safe.
/// </summary>
/// <typeparam name="TInput">What a job's <c>input</c> is read as. An input that does not fit fails the job with a sentence.</typeparam>
/// <typeparam name="TOutput">What the client gets as <c>output</c>.</typeparam>
public interface IJobHandler<in TInput, TOutput>
{
    /// <summary>Does one job. It runs on the thread pool and may block.</summary>
    /// <param name="input">The job's input; never null.</param>
    /// <param name="job">The job's id, and ways to report progress.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the job should end early; <see cref="JobContext.CancellationReason"/> says why.
    /// </param>
    /// <returns>The job's output. Throw <see cref="JobFailedException"/> to fail the job in words of your own.</returns>
    Task<TOutput> HandleAsync(TInput input, JobContext job, CancellationToken cancellationToken);
}
