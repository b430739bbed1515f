using Microsoft.Win32.SafeHandles;

namespace VibeVoice.Compiled;

/// <summary>Writes a compiled file, in the memory of a few tensors; it appears when it is whole.</summary>
internal static class CompiledWriter
{
    /// <summary>"An input or output failed", of which the system told no number.</summary>
    private const int NoNumber = unchecked((int)0x80131620);

    /// <summary>Writes the file beside its place, and gives it its name.</summary>
    /// <returns>False where the half file was taken away by somebody who took its maker for dead.</returns>
    /// <exception cref="IOException">There is no room, and nothing is left behind; or it cannot be written.</exception>
    public static bool Write(
        string path,
        CompiledKey key,
        IReadOnlyList<CompiledTensor> tensors,
        CancellationToken cancellationToken
    )
    {
        var table = CompiledTable.Place(key, tensors);
        var needed = table.End + table.ToBytes().Length; // checksums are still of the most digits
        var folder = Path.GetDirectoryName(path)!;
        DiskRoom.Check(folder, needed);
        var temporary = Path.Combine(folder, CompiledNames.Temporary(key.FileName));
        try
        {
            using (var file = Create(temporary, folder, needed))
            {
                WriteAll(file, table, tensors, cancellationToken);
            }

            File.Move(temporary, path, overwrite: true);
            DurableFolder.Flush(folder);
            return true;
        }
        catch (FileNotFoundException exception) when (exception.FileName == temporary)
        {
            return false;
        }
        catch (IOException exception) when (DiskRoom.IsExhausted(exception))
        {
            // First, so that what is told to be free is.
            File.Delete(temporary);
            throw DiskRoom.Lacking(folder, needed, exception);
        }
        finally
        {
            File.Delete(temporary); // there only when it was not published
        }
    }

    /// <summary>Reserves the room at once where the file system can, since others write, too.</summary>
    private static SafeFileHandle Create(string path, string folder, long needed)
    {
        try
        {
            return File.OpenHandle(
                path,
                FileMode.CreateNew,
                FileAccess.Write,
                FileShare.None,
                FileOptions.None,
                preallocationSize: needed
            );
        }
        catch (IOException exception) when (exception.HResult == NoNumber)
        {
            // What .NET throws when the room cannot be reserved; every other failure has its number.
            throw DiskRoom.Lacking(folder, needed, exception);
        }
    }

    private static void WriteAll(
        SafeFileHandle file,
        CompiledTable table,
        IReadOnlyList<CompiledTensor> tensors,
        CancellationToken cancellationToken
    )
    {
        var written = new CompiledEntry[tensors.Count];
        using (var buffers = new FillBuffers(tensors.Max(tensor => tensor.Bytes)))
        {
            SeveralAtOnce.Run(
                tensors,
                (tensor, index) => written[index] = WriteTensor(file, table.Tensors[index], tensor.Fill, buffers),
                cancellationToken
            );
        }

        var bytes = (table with { Tensors = written }).ToBytes();
        RandomAccess.Write(file, bytes, table.End);
        RandomAccess.Write(file, CompiledFile.Prologue(table.End, bytes), fileOffset: 0);
        cancellationToken.ThrowIfCancellationRequested();
        RandomAccess.FlushToDisk(file);
    }

    private static unsafe CompiledEntry WriteTensor(
        SafeFileHandle file,
        CompiledEntry entry,
        CompiledTensor.FillMemory fill,
        FillBuffers buffers
    )
    {
        var buffer = buffers.Take();
        try
        {
            var content = new Span<byte>((void*)buffer, (int)entry.Bytes);
            fill(content);
            RandomAccess.Write(file, content, entry.Offset);
            return entry with { Checksum = Crc32C.Of(content) };
        }
        finally
        {
            buffers.GiveBack(buffer);
        }
    }
}
