using System.Globalization;
using System.Text;
using Amazon.S3.Model;

namespace VibeVoice.Server.Delivery;

/// <summary>Labels as S3 can keep them: they travel as HTTP headers, so only printable ASCII, and little of it.</summary>
internal static class S3Metadata
{
    // S3 allows 2 KB for all user metadata of an object.
    private const int MaxValueLength = 256;
    private const int MaxTotalLength = 1900;

    public static void AddTo(MetadataCollection metadata, IReadOnlyDictionary<string, string> labels)
    {
        var length = 0;
        foreach (var (name, text) in labels)
        {
            var key = SafeKey(name);
            var value = SafeValue(text);
            length += key.Length + value.Length;
            if (key.Length > 0 && value.Length > 0 && length <= MaxTotalLength)
            {
                metadata[key] = value;
            }
        }
    }

    private static string SafeKey(string name) =>
        string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');

    /// <summary>Percent-encodes what is not printable ASCII; runs of blanks become one, as signing has it.</summary>
    private static string SafeValue(string text)
    {
        var value = new StringBuilder();
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (var rune in string.Join(' ', words).EnumerateRunes())
        {
            var encoded = rune.Value is >= ' ' and <= '~' and not '%'
                ? rune.ToString()
                : string.Concat(
                    System
                        .Text.Encoding.UTF8.GetBytes(rune.ToString())
                        .Select(b => b.ToString("X2", CultureInfo.InvariantCulture))
                        .Select(hex => $"%{hex}")
                );
            if (value.Length + encoded.Length > MaxValueLength)
            {
                break;
            }

            value.Append(encoded);
        }

        return value.ToString();
    }
}
