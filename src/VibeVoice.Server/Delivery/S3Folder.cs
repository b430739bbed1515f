using System.Diagnostics.CodeAnalysis;

namespace VibeVoice.Server.Delivery;

/// <summary>Folders in keys, as people write them: slashes at both ends and doubled ones are harmless.</summary>
internal static class S3Folder
{
    // A key has at most 1,024 bytes; date, job id and extension need less than 200.
    private const int MaxBytes = 800;

    /// <summary>Brings a folder to the form <c>a/b</c>.</summary>
    /// <param name="name">What the folder is called in settings or jobs.</param>
    /// <param name="text">The folder as given.</param>
    /// <param name="folder">The folder without slashes at its ends.</param>
    /// <param name="problem">One sentence, where it cannot be a folder.</param>
    public static bool TryNormalise(
        string name,
        string text,
        [NotNullWhen(true)] out string? folder,
        [NotNullWhen(false)] out string? problem
    )
    {
        var parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        folder = null;
        problem = parts switch
        {
            _ when text.Any(char.IsControl) =>
                $"{name} holds a control character, but must be a folder such as 'audio/speech'.",
            [] => $"{name} is '{text}', but must name a folder such as 'vibevoice'.",
            _ when parts.Any(part => part is "." or "..") =>
                $"{name} is '{text}', but a folder in a bucket cannot hold '.' or '..'.",
            _ when System.Text.Encoding.UTF8.GetByteCount(text) > MaxBytes =>
                $"{name} is {System.Text.Encoding.UTF8.GetByteCount(text)} bytes long, but may have {MaxBytes} at most.",
            _ => null,
        };
        if (problem is not null)
        {
            return false;
        }

        folder = string.Join('/', parts);
        return true;
    }
}
