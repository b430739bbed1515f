namespace VibeVoice.Server.Hosting;

/// <summary>Files that exist whole or not at all: written beside their place and renamed.</summary>
internal static class WholeFile
{
    /// <summary>Writes a file, in place of one of that name.</summary>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
            {
                await file.WriteAsync(content, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part); // there only when writing failed
        }
    }
}
