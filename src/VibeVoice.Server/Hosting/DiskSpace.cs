namespace VibeVoice.Server.Hosting;

/// <summary>Room on disks, also where folders are not made yet.</summary>
internal static class DiskSpace
{
    /// <summary>Bytes that may still be written to the file system of a folder, which need not exist.</summary>
    public static long FreeAt(string folder) => new DriveInfo(ExistingPartOf(folder)).AvailableFreeSpace;

    /// <summary>The folder, or the nearest above it that exists.</summary>
    public static string ExistingPartOf(string folder)
    {
        var path = Path.GetFullPath(folder);
        while (!Directory.Exists(path))
        {
            path = Path.GetDirectoryName(path)!;
        }

        return path;
    }
}
