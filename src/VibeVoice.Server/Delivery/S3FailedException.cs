namespace VibeVoice.Server.Delivery;

/// <summary>The S3 service refused, or did not answer, after all retries. The message says what it said, never a key.</summary>
internal sealed class S3FailedException(string message, Exception innerException) : Exception(message, innerException);
