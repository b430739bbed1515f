namespace VibeVoice.Server.Http.Jobs;

internal sealed partial class JobRunner
{
    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Job {JobId}: begun, with {Parts} parts that are kept.")]
        public static partial void Begun(ILogger logger, string jobId, int parts);

        [LoggerMessage(LogLevel.Information, "Job {JobId}: {Status}, {Parts} parts.")]
        public static partial void Ended(ILogger logger, string jobId, JobStatus status, int parts);

        [LoggerMessage(LogLevel.Information, "Job {JobId}: given back, with {Parts} parts that are kept.")]
        public static partial void GivenBack(ILogger logger, string jobId, int parts);

        [LoggerMessage(LogLevel.Warning, "Job {JobId}: another worker has it, or it was deleted.")]
        public static partial void Lost(ILogger logger, string jobId);

        [LoggerMessage(LogLevel.Error, "Job {JobId}: what is kept of it cannot be read: {Reason}.")]
        public static partial void Damaged(ILogger logger, string jobId, string reason);

        [LoggerMessage(LogLevel.Warning, "Job {JobId}: not for this worker. {Reason}")]
        public static partial void CannotSpeak(ILogger logger, string jobId, string reason);

        [LoggerMessage(LogLevel.Warning, "Jobs: {Reason}")]
        public static partial void StoreFailed(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Information, "Deleted {Count} jobs that were older than {Days} days.")]
        public static partial void Expired(ILogger logger, int count, int days);
    }
}
