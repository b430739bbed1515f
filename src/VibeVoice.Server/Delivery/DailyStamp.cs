using System.Globalization;

namespace VibeVoice.Server.Delivery;

/// <summary>
/// A file that remembers when something was last done, so that it is done once a day however many workers start.
/// Two that race both do it, which is harmless; a folder that cannot be written to means it is always done.
/// </summary>
internal sealed class DailyStamp(string path, TimeProvider timeProvider)
{
    private static readonly TimeSpan _day = TimeSpan.FromDays(1);

    /// <summary>True, and remembered from now on, unless it was done within a day.</summary>
    public bool TryClaim()
    {
        var now = timeProvider.GetUtcNow();
        // A time in the future was written by a clock that was wrong: it must not switch this off for years.
        if (Read() is { } last && last <= now && now - last < _day)
        {
            return false;
        }

        Write(now);
        return true;
    }

    /// <summary>Forgets the claim: it was not done after all, and the next start should try.</summary>
    public void Release()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Then it was not written either, or the day goes by.
        }
    }

    private DateTimeOffset? Read()
    {
        try
        {
            var text = File.ReadAllText(path).Trim();
            return DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time
            )
                ? time
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Write(DateTimeOffset now)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(temporary, now.ToString("O", CultureInfo.InvariantCulture));
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It could not be written, so it is not there.
        }
    }
}
