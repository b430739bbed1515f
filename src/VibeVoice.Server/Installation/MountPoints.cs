namespace VibeVoice.Server.Installation;

/// <summary>The mounted file systems, as the kernel lists them.</summary>
internal static class MountPoints
{
    private const string MountInfo = "/proc/self/mountinfo";
    private const int MountPointColumn = 4;

    /// <summary>Whether something is mounted at <paramref name="path"/> itself, not above it.</summary>
    public static bool Contains(string path) =>
        File.Exists(MountInfo)
        && File.ReadLines(MountInfo)
            .Any(line =>
                line.Split(' ') is { Length: > MountPointColumn } columns && columns[MountPointColumn] == path
            );
}
