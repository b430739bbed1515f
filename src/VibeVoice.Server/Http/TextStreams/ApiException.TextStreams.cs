using VibeVoice.Server.Speech;
using static System.FormattableString;

namespace VibeVoice.Server.Http;

/// <summary>What only text streams meet.</summary>
internal sealed partial class ApiException
{
    public static ApiException ForeignOrigin(string origin) =>
        new(
            403,
            InvalidRequest,
            "origin_not_allowed",
            $"Pages of '{Quote.Short(origin)}' may not open a WebSocket here; add the origin to CORS_ORIGINS to allow it."
        );

    public static ApiException UpgradeNeeded() =>
        new(
            426,
            InvalidRequest,
            "upgrade_required",
            "This is a WebSocket; open it with a client for those (docs/text-stream.md)."
        );

    public static ApiException TooManyStreams(int limit) =>
        new(
            429,
            RateLimit,
            "too_many_streams",
            Invariant(
                $"{limit} text streams are open (HTTP_STREAM_CONNECTIONS), which is the most that may; try again later."
            )
        )
        {
            RetryAfter = TimeSpan.FromSeconds(5),
        };

    public static ApiException InvalidMessage(string found) =>
        new(
            400,
            InvalidRequest,
            "invalid_message",
            $"The message cannot be read: {found}. Send a JSON object with a \"type\" as text."
        );

    public static ApiException UnknownMessage(string type) =>
        new(
            400,
            InvalidRequest,
            "unknown_type",
            $"There is no message of type '{Quote.Short(type)}'; the types are start, text, flush, done, cancel and ping."
        )
        {
            Param = "type",
        };

    public static ApiException OutOfTurn(string type, string reason) =>
        new(400, InvalidRequest, "out_of_turn", $"\"{Quote.Short(type)}\" has no place here: {reason}.")
        {
            Param = "type",
        };

    public static ApiException MessageTooLarge(int limitBytes) =>
        new(
            413,
            InvalidRequest,
            "message_too_large",
            Invariant($"The message has more than {limitBytes:N0} bytes; send the text in smaller pieces.")
        );

    public static ApiException Idle(TimeSpan limit) =>
        new(
            408,
            InvalidRequest,
            "idle_timeout",
            Invariant(
                $"No message came for {limit.TotalSeconds:0} s (HTTP_STREAM_IDLE_SECONDS); send \"ping\" to keep a stream open."
            )
        );

    public static ApiException TextStalled(TextStalledException exception) =>
        new(
            408,
            InvalidRequest,
            "text_timeout",
            $"{exception.Message} The speech was ended so that its slot is free (HTTP_STREAM_STALL_SECONDS); send \"done\" where a text ends."
        );
}
