namespace RunPod.Worker;

/// <summary>
/// A URL that must not be downloaded: it leads to a private address, is no http, redirects too often or in a bad way, or
/// brings more than is allowed. Trying again would not help. Its message is written for the client.
/// </summary>
public sealed class DownloadRejectedException : JobFailedException
{
    internal DownloadRejectedException(string message)
        : base(message) { }
}
