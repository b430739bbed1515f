using System.Globalization;
using System.Security.Cryptography;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Delivery;

/// <summary>Names of objects: <c>{prefix}/{yyyy}/{MM}/{dd}/{job id}.{ext}</c>, or <c>{objectPath}/{job id}.{ext}</c>.</summary>
internal static class S3ObjectKey
{
    private const int MaxNameLength = 100;

    public static string For(S3Target target, string jobId, AudioFormat format, DateTimeOffset now)
    {
        var folder =
            target.ObjectPath
            ?? string.Create(CultureInfo.InvariantCulture, $"{target.Prefix}/{now.UtcDateTime:yyyy'/'MM'/'dd}");
        return $"{folder}/{SafeName(jobId)}.{format.Name}";
    }

    /// <summary>
    /// The id where it is safe as it is. Otherwise other characters become '-', and a few digits of a hash keep ids
    /// that differ only in them from overwriting each other.
    /// </summary>
    private static string SafeName(string jobId)
    {
        var name = string.Concat(jobId.Take(MaxNameLength).Select(c => IsSafe(c) ? c : '-'));
        if (string.Equals(name, jobId, StringComparison.Ordinal) && name.Trim('.').Length > 0)
        {
            return name;
        }

        var hash = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(jobId));
        return $"{name.Trim('.', '-')}-{Convert.ToHexStringLower(hash, 0, 4)}".TrimStart('-');
    }

    private static bool IsSafe(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
