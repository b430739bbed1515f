using VibeVoice.Server.Speech;
using static System.FormattableString;

namespace VibeVoice.Server.Http;

/// <summary>An answer that is an error, in the words of OpenAI's API; its message is shown to the client.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="type">OpenAI's kind of error: "invalid_request_error".</param>
/// <param name="code">Its short name, for programs.</param>
/// <param name="message">What was found, what was expected, and what to do.</param>
internal sealed partial class ApiException(int status, string type, string code, string message) : Exception(message)
{
    private const string InvalidRequest = "invalid_request_error";
    private const string ServerError = "server_error";
    private const string RateLimit = "rate_limit_error";

    public int Status { get; } = status;

    public string Type { get; } = type;

    public string Code { get; } = code;

    /// <summary>The field that is wrong.</summary>
    public string? Param { get; init; }

    /// <summary>When another try may succeed.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public ErrorBody Body => new(new ErrorDetails(Message, Type, Param, Code));

    public static ApiException InvalidJson(string found) =>
        new(400, InvalidRequest, "invalid_json", $"The body is not a JSON object: {found}. Send at least \"input\".");

    /// <summary>Everything that is wrong with a request; the first problem gives the field.</summary>
    public static ApiException Rejected(IReadOnlyList<SpeechProblem> problems)
    {
        var isTooLong = problems.Any(problem => problem.IsTooLong);
        return new ApiException(
            isTooLong ? 413 : 400,
            InvalidRequest,
            isTooLong ? "string_above_max_length" : "invalid_value",
            string.Join(' ', problems.Select(problem => problem.Sentence))
        )
        {
            Param = problems[0].Field,
        };
    }

    public static ApiException KeyNeeded(bool isGiven) =>
        new(
            401,
            InvalidRequest,
            "invalid_api_key",
            isGiven
                ? "The key is not one of this server's; check the key that your client sends."
                : "A key is missing; send it as 'Authorization: Bearer KEY' or as 'X-API-Key: KEY'."
        );

    public static ApiException NoRoute(string method, string path) =>
        new(404, InvalidRequest, "unknown_url", $"There is no {method} {Quote.Short(path)} here.");

    public static ApiException NoMethod(string method, string path) =>
        new(405, InvalidRequest, "method_not_allowed", $"{Quote.Short(path)} does not take {method}.");

    public static ApiException NoModel(string model, IEnumerable<string> known) =>
        new(
            404,
            InvalidRequest,
            "model_not_found",
            $"There is no model '{Quote.Short(model)}'; the models are {string.Join(", ", known)}."
        )
        {
            Param = "model",
        };

    public static ApiException BodyTooLarge(int limitBytes) =>
        new(
            413,
            InvalidRequest,
            "body_too_large",
            Invariant($"The body has more than {limitBytes:N0} bytes (HTTP_MAX_BODY_BYTES); send the text in parts.")
        );

    public static ApiException NotJson(string? contentType) =>
        new(
            415,
            InvalidRequest,
            "unsupported_media_type",
            $"The body is of type '{Quote.Short(contentType ?? "")}', but must be 'application/json'; set the header Content-Type."
        );

    public static ApiException QueueFull(int active, int waiting, TimeSpan retryAfter) =>
        new(
            429,
            RateLimit,
            "queue_full",
            Invariant(
                $"{active} requests are spoken (WORKER_CONCURRENCY) and {waiting} more wait (HTTP_QUEUE_LENGTH), which is the most that may; try again later."
            )
        )
        {
            RetryAfter = retryAfter,
        };

    public static ApiException TooMany(int limitPerMinute, TimeSpan retryAfter) =>
        new(
            429,
            RateLimit,
            "rate_limit_exceeded",
            Invariant(
                $"This key has made its {limitPerMinute} requests of a minute (RATE_LIMIT_PER_MINUTE); try again later."
            )
        )
        {
            RetryAfter = retryAfter,
        };

    public static ApiException NotReady(ServerPhase phase) =>
        phase == ServerPhase.Loading
            ? new(503, ServerError, "loading", "The model is still being loaded; try again in some seconds.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            }
            : new(503, ServerError, "draining", "This server is stopping; try again, and another one will answer.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };

    public static ApiException OutOfTime(int seconds) =>
        new(
            503,
            ServerError,
            "timeout",
            Invariant($"The request took longer than {seconds} s (HTTP_REQUEST_SECONDS); send the text in parts.")
        );

    public static ApiException Failed(string message) => new(500, ServerError, "speech_failed", message);

    public static ApiException Bug(string id) =>
        new(
            500,
            ServerError,
            "internal_error",
            $"Something is wrong in this server, logged under error {id}; quote it when you report it."
        );
}

/// <summary>How OpenAI's API tells errors.</summary>
internal sealed record ErrorBody(ErrorDetails Error);

internal sealed record ErrorDetails(string Message, string Type, string? Param, string? Code);
