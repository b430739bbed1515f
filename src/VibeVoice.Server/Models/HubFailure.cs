using System.Globalization;
using System.Net;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>A request that the hub, or a host it redirected to, answered with an error.</summary>
/// <param name="message">What happened and what to do, in whole sentences.</param>
/// <param name="inner">What showed it.</param>
internal sealed class HubFailure(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient { get; init; }

    /// <summary>How long the server wants to be left alone; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Puts an error answer into words.</summary>
    /// <param name="response">The answer, of whatever host.</param>
    /// <param name="id">The repository that was asked for.</param>
    /// <param name="endpoint">The hub.</param>
    /// <param name="hasToken">Whether a token was sent.</param>
    /// <param name="now">For answers that name a time instead of a delay.</param>
    public static HubFailure From(
        HttpResponseMessage response,
        HubId id,
        Uri endpoint,
        bool hasToken,
        DateTimeOffset now
    )
    {
        var status = response.StatusCode;
        var code = HeaderOf(response, "X-Error-Code");
        var words = HeaderOf(response, "X-Error-Message");
        var after = response.Headers.RetryAfter;
        return new HubFailure(Explain(status, code, id, endpoint, hasToken) + Quoted(words))
        {
            IsTransient =
                status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= (HttpStatusCode)500,
            RetryAfter = after?.Delta ?? after?.Date - now,
        };
    }

    private static string Explain(HttpStatusCode status, string? code, HubId id, Uri endpoint, bool hasToken)
    {
        var hub = endpoint.Host;
        var token = hasToken
            ? "HF_TOKEN is set, but it may belong to another account or have expired."
            : "HF_TOKEN is not set.";
        return (code, status) switch
        {
            ("GatedRepo", _) =>
                $"'{id.Repository}' is gated: accept its terms at {new Uri(endpoint, id.Repository)}, and set HF_TOKEN to a "
                    + $"token of that account. {token}",
            ("RevisionNotFound", _) =>
                $"'{id.Repository}' has no revision '{id.Revision}' on {hub}; name a branch, a tag or a commit, or none.",
            ("EntryNotFound", _) => $"A file of '{id}' is no longer on {hub}; run 'vibevoice install' again.",
            ("RepoNotFound", _) or (_, HttpStatusCode.NotFound) =>
                $"'{id.Repository}' is not on {hub}, or is private: check MODEL_PATH, or set HF_TOKEN to a token that may "
                    + $"read it. {token}",
            (_, HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) =>
                $"{hub} refuses to give '{id.Repository}' ({(int)status}): set HF_TOKEN to a token that may read it. {token}",
            (_, HttpStatusCode.TooManyRequests) =>
                $"{hub} answers no more requests for now (429). Wait some minutes; with HF_TOKEN set its limits are higher.",
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"{hub} answered {(int)status} when asked for '{id}'. Try again later, or set HF_ENDPOINT to a mirror."
            ),
        };
    }

    private static string Quoted(string? words) => words is null ? "" : $" It said: '{Quote.Short(words)}'";

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
