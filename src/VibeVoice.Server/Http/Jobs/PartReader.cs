using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Http.Jobs.Storage;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>Reads the parts of a job as one speech, and checks each as it passes.</summary>
internal sealed class PartReader(string id, IJobStore store, int sampleRateHz)
{
    private const int PieceSamples = 16 * 1024;

    /// <exception cref="DamagedPartException">One is not what was kept.</exception>
    public async IAsyncEnumerable<AudioFrame> ReadAsync(
        IReadOnlyList<KeptPart> parts,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (var index = 0; index < parts.Count; index++)
        {
            await using var file =
                await store.OpenAsync(id, JobFiles.Part(index), cancellationToken)
                ?? throw new DamagedPartException(index);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var bytes = 0L;
            while (true)
            {
                var samples = new float[PieceSamples];
                var count = await FillAsync(file, samples, hash, cancellationToken);
                if (count == 0)
                {
                    break;
                }

                bytes += count;
                yield return new AudioFrame(samples.AsMemory(0, count / sizeof(float)), sampleRateHz);
            }

            if (bytes != parts[index].Bytes || Convert.ToHexStringLower(hash.GetCurrentHash()) != parts[index].Sha256)
            {
                throw new DamagedPartException(index);
            }
        }
    }

    private static async Task<int> FillAsync(
        Stream file,
        float[] samples,
        IncrementalHash hash,
        CancellationToken cancellationToken
    )
    {
        var buffer = new byte[samples.Length * sizeof(float)];
        int count;
        try
        {
            count = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            throw new JobStoreException("What is kept of the job could not be read to its end.", exception);
        }

        hash.AppendData(buffer, 0, count);
        buffer.AsSpan(0, count).CopyTo(MemoryMarshal.AsBytes(samples.AsSpan()));
        return count;
    }
}

/// <summary>A part is gone, or is not what was kept: it and those after it are spoken anew.</summary>
internal sealed class DamagedPartException(int index) : Exception($"Part {index} is not what was kept.")
{
    public int Index { get; } = index;
}
