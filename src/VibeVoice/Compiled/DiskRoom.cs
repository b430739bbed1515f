namespace VibeVoice.Compiled;

/// <summary>Whether there is room for what is to be written, and the sentence where there is none.</summary>
internal static class DiskRoom
{
    // "No space left" and "quota exceeded" of Linux, the quota of macOS, and a full disk on Windows.
    private static readonly int[] Exhausted = [28, 122, 69, unchecked((int)0x80070070)];

    /// <exception cref="IOException">Fewer bytes are free than are needed.</exception>
    public static void Check(string folder, long needed)
    {
        if (Free(folder) is { } free && free < needed)
        {
            throw Lacking(folder, needed);
        }
    }

    /// <summary>Whether a write failed because the disk, or what may be used of it, is full.</summary>
    public static bool IsExhausted(IOException exception) => Exhausted.Contains(exception.HResult);

    public static IOException Lacking(string folder, long needed, Exception? inner = null) =>
        new(
            $"The compiled weights need {needed:N0} bytes in '{folder}', but {Free(folder) ?? 0:N0} are free there. Make room, or "
                + "choose another folder for them.",
            inner
        );

    // A volume that tells no size has some, as far as anybody knows.
    private static long? Free(string folder)
    {
        var drive = new DriveInfo(folder);
        return drive.TotalSize > 0 ? drive.AvailableFreeSpace : null;
    }
}
