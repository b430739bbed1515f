using System.Security.Cryptography;
using VibeVoice.Server.Http.Operations;

namespace VibeVoice.Server.Http;

/// <summary>Says what clients are told of a failure, and logs what they are not.</summary>
internal sealed partial class Failures(HttpOptions options, ServerMetrics metrics, ILogger<Failures> logger)
{
    /// <summary>What a client is told of a failure; a bug is logged here.</summary>
    public ApiException Describe(Exception exception)
    {
        switch (exception)
        {
            case ApiException error:
                return error;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return ApiException.BodyTooLarge(options.MaxBodyBytes);
            case BadHttpRequestException bad:
                return ApiException.InvalidJson(bad.Message.TrimEnd('.'));
            case Speech.TextStalledException stalled:
                return ApiException.TextStalled(stalled);
            case PauseTooLongException pause:
                return ApiException.Rejected([new Speech.SpeechProblem("delta", pause.Message)]);
            case Speech.SpeechFailedException failed:
                metrics.Failed(failed);
                Log.Failed(logger, failed.Message);
                return ApiException.Failed(failed.Message);
            default:
                var id = RandomNumberGenerator.GetHexString(8, lowercase: true);
                Log.Bug(logger, id, exception);
                return ApiException.Bug(id);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Failed: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "A request failed under error {ErrorId}: this is a bug.")]
        public static partial void Bug(ILogger logger, string errorId, Exception exception);
    }
}
