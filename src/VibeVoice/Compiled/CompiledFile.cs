using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using VibeVoice.Checkpoints;

namespace VibeVoice.Compiled;

/// <summary>A compiled file, mapped: its table was checked, its tensors were not, which would be to read all of it.</summary>
/// <remarks>
/// <code>
/// 0     "VVCW", version of this format (uint32), offset and length of the table (int64), its SHA-256; zeros up to 4096
/// 4096  tensors, each from a multiple of 4096 on, zeros between them
/// …     the table, a JSON object, up to the end of the file
/// </code>
/// All numbers little-endian. The first page is written last and all is on the disk before the file gets its name, so that
/// one that can be seen is whole; damage of the disk itself is found by <see cref="FindDamage"/>.
/// </remarks>
internal sealed unsafe class CompiledFile : IDisposable
{
    /// <summary>Of the format, not of what is in it.</summary>
    private const uint Version = 1;
    private const int PrologueBytes = 24 + SHA256.HashSizeInBytes;

    private readonly MappedFile _file;

    private CompiledFile(string path, MappedFile file, CompiledTable table)
    {
        Path = path;
        _file = file;
        Table = table;
    }

    private static ReadOnlySpan<byte> Magic => "VVCW"u8;

    public string Path { get; }

    public CompiledTable Table { get; }

    public long Length => _file.Length;

    /// <summary>Maps a file and checks that it is whole, by its length and its table.</summary>
    /// <exception cref="ModelFormatException">It is not; why is said.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CompiledFile Open(string path)
    {
        var file = new MappedFile(path);
        try
        {
            return new CompiledFile(path, file, ReadTable(path, file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What is to be written at the beginning, once all else was.</summary>
    public static byte[] Prologue(long tableOffset, ReadOnlySpan<byte> table)
    {
        var prologue = new byte[PrologueBytes];
        Magic.CopyTo(prologue);
        BinaryPrimitives.WriteUInt32LittleEndian(prologue.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(prologue.AsSpan(8), tableOffset);
        BinaryPrimitives.WriteInt64LittleEndian(prologue.AsSpan(16), table.Length);
        SHA256.HashData(table, prologue.AsSpan(24));
        return prologue;
    }

    public byte* AddressOf(CompiledEntry tensor) => _file.Address(tensor.Offset, tensor.Bytes);

    /// <summary>Reads all tensors, and names the first that is not as it was written; null where all are.</summary>
    public string? FindDamage(CancellationToken cancellationToken)
    {
        foreach (var tensor in Table.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Crc32C.Of(_file.Span(tensor.Offset, (int)tensor.Bytes)) != tensor.Checksum)
            {
                return tensor.Name;
            }
        }

        return null;
    }

    public void Dispose() => _file.Dispose();

    private static CompiledTable ReadTable(string path, MappedFile file)
    {
        if (file.Length < PrologueBytes || !file.Span(0, Magic.Length).SequenceEqual(Magic))
        {
            throw Broken(path, "does not begin as one");
        }

        var prologue = file.Span(0, PrologueBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(prologue[4..]) is var version && version != Version)
        {
            throw Broken(path, $"has version {version} of the format, and this program reads {Version}");
        }

        var offset = BinaryPrimitives.ReadInt64LittleEndian(prologue[8..]);
        var length = BinaryPrimitives.ReadInt64LittleEndian(prologue[16..]);
        if (offset < PrologueBytes || length is < 1 or > int.MaxValue || offset > file.Length - length)
        {
            throw Broken(path, $"has {file.Length:N0} bytes, and its table should lie at {offset:N0}");
        }

        if (offset + length != file.Length)
        {
            throw Broken(path, $"has {file.Length:N0} bytes, and its table should end at {offset + length:N0}");
        }

        var bytes = file.Span(offset, (int)length);
        if (!SHA256.HashData(bytes).AsSpan().SequenceEqual(prologue[24..]))
        {
            throw Broken(path, "has a table with another checksum than it was written with");
        }

        try
        {
            return CompiledTable.Parse(bytes) is var table && IsPlaced(table, offset)
                ? table
                : throw Broken(path, "has a table that places tensors where none can be");
        }
        catch (JsonException exception)
        {
            throw Broken(path, $"has a table that is none: {exception.Message.TrimEnd('.')}");
        }
    }

    private static bool IsPlaced(CompiledTable table, long end) =>
        table.Tensors.All(tensor =>
            tensor.Offset >= CompiledTable.Page
            && tensor.Offset % CompiledTable.Page == 0
            && tensor.Bytes is >= 1 and <= int.MaxValue
            && tensor.Offset <= end - tensor.Bytes
        );

    private static ModelFormatException Broken(string path, string fault) =>
        new($"'{path}' {fault}; a whole file of compiled weights is expected.");
}
