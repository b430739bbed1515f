using VibeVoice.Server.Speech;
using static System.FormattableString;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>What goes wrong with jobs, as clients are told.</summary>
internal static class JobErrors
{
    private const string InvalidRequest = "invalid_request_error";
    private const string ServerError = "server_error";

    public static ApiException NoStore() =>
        new(
            503,
            ServerError,
            "jobs_unavailable",
            "This server keeps no jobs: it has neither a network volume (VIBEVOICE_WORKSPACE) nor a bucket (BUCKET_NAME) that other "
                + "workers share. Send long text to a queue endpoint (ENDPOINT_TYPE=queue, POST /run), or set one of the two."
        );

    public static ApiException StoreFailed(string reason) =>
        new(503, ServerError, "jobs_unavailable", $"{reason} Try again later.")
        {
            RetryAfter = TimeSpan.FromSeconds(10),
        };

    public static ApiException TooMany(int open, TimeSpan retryAfter) =>
        new(
            429,
            "rate_limit_error",
            "too_many_jobs",
            Invariant($"{open} jobs are not done yet, which is the most that may be (HTTP_JOBS_OPEN); try again later.")
        )
        {
            RetryAfter = retryAfter,
        };

    public static ApiException BadRange(string range) =>
        new(
            416,
            InvalidRequest,
            "range_not_satisfiable",
            $"The audio has no bytes in the range '{Quote.Short(range)}'. Ask for a part that it has, or leave the header out."
        );

    public static ApiException NotFound(string id) =>
        new(
            404,
            InvalidRequest,
            "job_not_found",
            $"There is no job '{Quote.Short(id)}' of this key; it may have been deleted, or be older than HTTP_JOB_RETENTION_DAYS."
        );

    public static ApiException NotDone(JobStatus status) =>
        new(
            409,
            InvalidRequest,
            "job_not_done",
            $"The job is {status.ToString().ToLowerInvariant()}, so it has no audio; ask for its state."
        );

    public static ApiException KeyReused() =>
        new(
            409,
            InvalidRequest,
            "idempotency_key_reused",
            "Another body was sent under this Idempotency-Key; send it under a key of its own."
        );

    public static ApiException BadIdempotencyKey() =>
        new(
            400,
            InvalidRequest,
            "invalid_value",
            "'Idempotency-Key' must have 1 to 255 visible ASCII characters; a random UUID is best."
        )
        {
            Param = "Idempotency-Key",
        };

    public static ApiException Damaged(DamagedJobException exception) =>
        new(
            500,
            ServerError,
            "job_damaged",
            $"What is kept of the job cannot be read: {exception.Message}. DELETE it, and send it again."
        );

    public static ApiException GivenUp(int tries) =>
        new(
            500,
            ServerError,
            "job_given_up",
            Invariant(
                $"The job was begun {tries} times at the same place, and no worker came to the end of the part; send the text in parts."
            )
        );
}
