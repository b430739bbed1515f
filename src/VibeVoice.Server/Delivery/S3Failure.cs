using System.Net;
using Amazon.Runtime;

namespace VibeVoice.Server.Delivery;

/// <summary>Reads what the SDK throws.</summary>
internal static class S3Failure
{
    private const int MaxMessageLength = 300;

    /// <summary>Whether S3 or the way to it failed, rather than this program or the caller's patience.</summary>
    public static bool IsOne(Exception exception, CancellationToken cancellationToken) =>
        exception
            is AmazonServiceException
                or AmazonClientException
                or HttpRequestException
                or IOException
                or TimeoutException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>Whether S3 itself said no: what was asked for did certainly not happen.</summary>
    public static bool IsRefusal(Exception exception) =>
        exception is AmazonServiceException { StatusCode: >= (HttpStatusCode)400 and < (HttpStatusCode)500 } refusal
        && refusal.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict);

    /// <summary>Whether the service does not know the call at all, as small S3 servers do not know many.</summary>
    public static bool IsUnsupported(Exception exception) =>
        exception is AmazonServiceException failure
        && (
            failure.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed
            || failure.ErrorCode
                is "NotImplemented"
                    or "MethodNotAllowed"
                    or "UnsupportedOperation"
                    or "InvalidRequest"
                    or "InvalidArgument"
                    or "MalformedXML"
                    or "MissingContentMD5"
                    or "InvalidDigest"
                    or "BadDigest"
            // An answer in another shape than S3's.
            || (failure.StatusCode is HttpStatusCode.OK && failure is AmazonUnmarshallingException)
        );

    /// <summary>One sentence or two: what was asked, what S3 said, where, and what to look at.</summary>
    public static S3FailedException Describe(string action, Exception exception, S3Target target)
    {
        var text = exception is AmazonServiceException { StatusCode: > (HttpStatusCode)0 } refusal
            ? $"{action} failed: S3 answered {Code(refusal)} (HTTP {(int)refusal.StatusCode}): {Message(refusal, target)} "
                + $"This was {target}.{Advice(refusal)}"
            : $"{action} failed: {target} did not answer: {Message(Innermost(exception), target)}";
        return new S3FailedException(text, exception);
    }

    private static string Code(AmazonServiceException refusal) =>
        string.IsNullOrEmpty(refusal.ErrorCode) ? "an error" : refusal.ErrorCode;

    private static string Advice(AmazonServiceException refusal) =>
        refusal.ErrorCode switch
        {
            "NoSuchBucket" => " Check the bucket's name and the endpoint.",
            "InvalidAccessKeyId" or "SignatureDoesNotMatch" => " Check the access key, its secret and the region.",
            "ExpiredToken" or "TokenRefreshRequired" => " The temporary credentials have ended.",
            _ when refusal.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized =>
                " Check that the keys may write to this bucket.",
            _ => "",
        };

    private static string Message(Exception exception, S3Target target)
    {
        var message = exception.Message.ReplaceLineEndings(" ").Trim();
        foreach (var secret in new[] { target.SecretAccessKey, target.AccessKeyId, target.SessionToken })
        {
            message = string.IsNullOrEmpty(secret) ? message : message.Replace(secret, "***", StringComparison.Ordinal);
        }

        message = message.Length > MaxMessageLength ? message[..MaxMessageLength] + "…" : message;
        return message.Length == 0 || message[^1] is '.' or '…' ? message : message + ".";
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception is OperationCanceledException ? new TimeoutException("it took too long.") : exception;
    }
}
