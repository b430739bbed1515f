namespace VibeVoice.Server.Hosting;

/// <summary>Files that exist whole or not at all: written beside their place and renamed.</summary>
internal static class WholeFile
{
    /// <summary>Writes a file, in place of one of that name.</summary>
    public static Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        WriteAsync(path, async file => await file.WriteAsync(content, cancellationToken));

    /// <summary>The same of what comes by and by.</summary>
    public static async Task WriteAsync(string path, Func<FileStream, Task> write)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                await write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        finally
        {
            TryDelete(part); // there only when writing failed
        }
    }

    /// <summary>Deletes a file, where it is there.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Then the file is not there either.
        }
    }
}
