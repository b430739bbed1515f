using System.Runtime.InteropServices;

namespace VibeVoice.Compiled;

/// <summary>Makes names as durable as the files they belong to.</summary>
internal static partial class DurableFolder
{
    /// <summary>Writes a folder's names to the disk, where the system can: without it a power cut may lose the newest.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // it has no such call, and keeps a journal
        }

        var handle = Open(folder, flags: 0);
        if (handle >= 0)
        {
            // Some network volumes know no such thing: what is lost there is made again.
            _ = Synchronize(handle);
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Synchronize(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
