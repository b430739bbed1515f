using System.Runtime.ExceptionServices;

namespace VibeVoice.Compiled;

/// <summary>Works on tensors side by side, few enough that what is in flight fits in memory.</summary>
internal static class SeveralAtOnce
{
    /// <summary>The largest tensor has 160 MB, so that at most 320 MB are in flight.</summary>
    private const int Workers = 2;

    /// <param name="tensors">All of them.</param>
    /// <param name="work">Is given a tensor and its index.</param>
    /// <param name="cancellationToken">Stops between two tensors.</param>
    public static void Run(
        IReadOnlyList<CompiledTensor> tensors,
        Action<CompiledTensor, int> work,
        CancellationToken cancellationToken
    )
    {
        try
        {
            Parallel.For(
                0,
                tensors.Count,
                new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = cancellationToken },
                index => work(tensors[index], index)
            );
        }
        catch (AggregateException exception)
        {
            // What went wrong first is what the caller is to know, with the place where it did.
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }
}
