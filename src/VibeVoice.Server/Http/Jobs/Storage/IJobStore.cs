using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Http.Jobs.Storage;

/// <summary>
/// Where jobs are kept so that every worker finds them: a folder for each, of files that appear whole or not at all, and
/// the list of those that are not done.
/// </summary>
/// <remarks>
/// Safe to use from many threads and workers. Every method but <see cref="Presign"/> throws <see cref="JobStoreException"/>
/// where the store fails. Only <see cref="TryCreateAsync"/> makes a job's folder in a file system, so that what a worker writes
/// late does not bring back what another has removed.
/// </remarks>
internal interface IJobStore : IDisposable
{
    /// <summary>For people: "bucket 'audio' at …".</summary>
    string Place { get; }

    /// <summary>How often it is worth looking for jobs that other workers left.</summary>
    TimeSpan ScanInterval { get; }

    /// <summary>Null where there is none.</summary>
    Task<byte[]?> ReadAsync(string id, string name, CancellationToken cancellationToken);

    Task WriteAsync(string id, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>False where it is there already: of two that race, one makes it.</summary>
    Task<bool> TryCreateAsync(
        string id,
        string name,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    );

    /// <summary>Null where there is none.</summary>
    Task<Stream?> OpenAsync(string id, string name, CancellationToken cancellationToken);

    /// <summary>Writes a file while it is being made.</summary>
    /// <returns>Its bytes.</returns>
    Task<long> PublishAsync(
        string id,
        string name,
        EncodedAudio audio,
        DeliveryRequest request,
        CancellationToken cancellationToken
    );

    Task DeleteAsync(string id, string name, CancellationToken cancellationToken);

    /// <summary>Removes all that there is of a job; the request first, whose absence tells others that it is gone.</summary>
    Task RemoveAsync(string id, CancellationToken cancellationToken);

    /// <summary>Puts a job on the list of those that are not done.</summary>
    Task ListAsync(string id, CancellationToken cancellationToken);

    Task UnlistAsync(string id, CancellationToken cancellationToken);

    /// <summary>Ids of jobs that are not done.</summary>
    Task<IReadOnlyList<string>> ReadListAsync(CancellationToken cancellationToken);

    /// <summary>All jobs, and when each was made.</summary>
    Task<IReadOnlyList<KeptJob>> ReadAllAsync(CancellationToken cancellationToken);

    /// <summary>Makes a job ours alone; null where another worker that may live has it.</summary>
    Task<IJobLease?> TryLeaseAsync(string id, CancellationToken cancellationToken);

    /// <summary>Where a file can be read without keys of ours, from now on for a while; null where the store has no such URLs.</summary>
    PresignedFile? Presign(string id, string name);
}

/// <summary>A job that there is.</summary>
/// <param name="MadeAt">When its request was written, by the store's clock.</param>
internal readonly record struct KeptJob(string Id, DateTimeOffset MadeAt);

/// <summary>A file in a bucket, and a URL that reads it.</summary>
internal sealed record PresignedFile(string Url, DateTimeOffset ExpiresAt, string Bucket, string Key);

/// <summary>The right to work at a job, kept up by beats until it is disposed, which gives it back.</summary>
internal interface IJobLease : IAsyncDisposable
{
    /// <summary>Cancelled when it is another's, or the job was removed.</summary>
    CancellationToken Lost { get; }

    /// <summary>Looks whether it is still ours; cancels <see cref="Lost"/> where it is not.</summary>
    Task<bool> ConfirmAsync(CancellationToken cancellationToken);
}

/// <summary>The store of the jobs failed: one sentence that a client may read.</summary>
internal sealed class JobStoreException(string message, Exception innerException) : Exception(message, innerException);
