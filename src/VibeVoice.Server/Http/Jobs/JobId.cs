using System.Security.Cryptography;
using System.Text.RegularExpressions;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>Names of jobs: 128 bits that nobody can guess.</summary>
internal static partial class JobId
{
    private const string Prefix = "job_";

    public static string New() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>The id of a job that is sent again under the same Idempotency-Key is the same, for the same owner.</summary>
    /// <param name="ownerKey">The API key, which nobody else has; empty where none is needed.</param>
    /// <param name="idempotencyKey">The client's.</param>
    public static string Of(string ownerKey, string idempotencyKey)
    {
        var hash = HMACSHA256.HashData(
            TextEncoding.UTF8.GetBytes($"vibevoice job\n{ownerKey}"),
            TextEncoding.UTF8.GetBytes(idempotencyKey)
        );
        return Prefix + Convert.ToHexStringLower(hash.AsSpan(0, 16));
    }

    public static bool IsOne(string text) => Pattern().IsMatch(text);

    /// <summary>What tells a job's owner: a hash, salted with the job's id, of which the key cannot be had back.</summary>
    public static string HashOwner(string id, string? ownerKey) =>
        ownerKey is null
            ? ""
            : Convert.ToHexStringLower(SHA256.HashData(TextEncoding.UTF8.GetBytes($"{id}\n{ownerKey}")));

    [GeneratedRegex(@"\Ajob_[0-9a-f]{32}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
