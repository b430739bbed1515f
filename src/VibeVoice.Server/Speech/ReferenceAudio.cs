using System.Buffers.Text;

namespace VibeVoice.Server.Speech;

/// <summary>
/// The form of 'reference_audio': base64, a data URL or an http(s) URL. The engines here speak with presets, so it is
/// checked and not used; it is never fetched.
/// </summary>
internal static class ReferenceAudio
{
    private const int MaxUrlLength = 2048;
    private const string Forms = "base64 audio, a data:audio/…;base64, URL or an http(s) URL";

    /// <summary>Null when the form and size are right, else the end of a sentence: "is …, but must be …".</summary>
    public static string? Check(string value, int maxBytes)
    {
        value = value.Trim();
        if (value.Length == 0)
        {
            return $"is empty, but must be {Forms}";
        }

        if (value.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            return CheckDataUrl(value, maxBytes);
        }

        return value.Contains("://", StringComparison.Ordinal)
            ? CheckUrl(value)
            : CheckBase64(value, maxBytes, "is not valid base64");
    }

    private static string? CheckUrl(string value)
    {
        if (value.Length > MaxUrlLength)
        {
            return $"is a URL of {value.Length} characters, but {MaxUrlLength} are the most";
        }

        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri))
        {
            return $"is not a valid URL, but must be {Forms}";
        }

        if (uri.Scheme is not ("http" or "https"))
        {
            return $"is a URL of scheme '{Quote.Short(uri.Scheme)}', but must be {Forms}";
        }

        return uri.Host.Length > 0 ? null : $"is a URL without a host, but must be {Forms}";
    }

    private static string? CheckDataUrl(string value, int maxBytes)
    {
        var comma = value.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !value[..comma].EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
        {
            return "is a data URL without ';base64,', but must be of the form data:audio/wav;base64,…";
        }

        var mediaType = value[5..comma].Split(';')[0];
        return
            mediaType.StartsWith("audio/", StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase)
            ? CheckBase64(value[(comma + 1)..], maxBytes, "is a data URL whose content is not valid base64")
            : $"is a data URL of type '{Quote.Short(mediaType)}', but must be of the form data:audio/wav;base64,…";
    }

    private static string? CheckBase64(string value, int maxBytes, string complaint)
    {
        if (!Base64.IsValid(value, out var bytes) || bytes == 0)
        {
            return $"{complaint}; it must be {Forms}";
        }

        return bytes <= maxBytes ? null : $"holds {bytes} bytes, but {maxBytes} are the most; send a shorter sample";
    }
}
