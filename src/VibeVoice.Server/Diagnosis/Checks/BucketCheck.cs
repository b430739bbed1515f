using Amazon.S3;
using Amazon.S3.Model;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Writes, reads and deletes a small object under our prefix, and says which of the three was refused.</summary>
internal sealed class BucketCheck(DeliveryOptions options, TimeProvider time, ILogger<BucketCheck> logger) : ICheck
{
    private const string Content = "vibevoice doctor looks whether it can write here.";

    private static readonly TimeSpan CleaningDeadline = TimeSpan.FromSeconds(3);

    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return S3Target.FromOptions(options) is { } target
                ? await ProbeAsync(target, cancellationToken)
                : CheckResult.Skipped("No bucket is set: answers carry base64.");
        }
        catch (SettingsException)
        {
            return CheckResult.Skipped("It is half set; see 'settings'.");
        }
    }

    private async Task<CheckResult> ProbeAsync(S3Target target, CancellationToken cancellationToken)
    {
        using var client = S3Client.Create(target);
        var key = $"{target.Prefix}/doctor-{Guid.NewGuid():N}.txt";
        var traces = new S3Traces();
        try
        {
            await TryAsync(
                "Writing a probe",
                target,
                () => PutAsync(client, target, key, traces, cancellationToken),
                cancellationToken
            );
            await TryAsync(
                "Reading the probe back",
                target,
                () => GetAsync(client, target, key, cancellationToken),
                cancellationToken
            );
            await TryAsync(
                "Deleting the probe",
                target,
                () => DeleteAsync(client, target, key, traces, cancellationToken),
                cancellationToken
            );
        }
        finally
        {
            using var deadline = new CancellationTokenSource(CleaningDeadline, time);
            await traces.RemoveAsync(new S3Leftovers(client, target, logger), key, deadline.Token);
        }

        return CheckResult.Ok($"A probe was written, read and deleted under '{target.Prefix}/' in {target}.");
    }

    private static async Task TryAsync(
        string action,
        S3Target target,
        Func<Task> step,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (S3Failure.IsOne(exception, cancellationToken))
        {
            throw S3Failure.Describe(action, exception, target);
        }
    }

    private static async Task PutAsync(
        AmazonS3Client client,
        S3Target target,
        string key,
        S3Traces traces,
        CancellationToken cancellationToken
    )
    {
        var put = new PutObjectRequest
        {
            BucketName = target.Bucket,
            Key = key,
            ContentType = "text/plain",
            ContentBody = Content,
            UseChunkEncoding = false,
        };
        traces.ObjectMayExist = true;
        try
        {
            traces.VersionId = (await client.PutObjectAsync(put, cancellationToken)).VersionId;
        }
        catch (AmazonS3Exception refusal) when (S3Failure.IsRefusal(refusal))
        {
            traces.WasRefused = true;
            throw;
        }
    }

    private static async Task GetAsync(
        AmazonS3Client client,
        S3Target target,
        string key,
        CancellationToken cancellationToken
    )
    {
        using var response = await client.GetObjectAsync(target.Bucket, key, cancellationToken);
        using var reader = new StreamReader(response.ResponseStream);
        var found = await reader.ReadToEndAsync(cancellationToken);
        if (found != Content)
        {
            throw new IOException($"the object has other content than was written ({found.Length} characters).");
        }
    }

    private static async Task DeleteAsync(
        AmazonS3Client client,
        S3Target target,
        string key,
        S3Traces traces,
        CancellationToken cancellationToken
    )
    {
        var delete = new DeleteObjectRequest
        {
            BucketName = target.Bucket,
            Key = key,
            VersionId = traces.VersionId,
        };
        await client.DeleteObjectAsync(delete, cancellationToken);
        traces.ObjectMayExist = false;
    }
}
