using System.IO.Compression;

namespace VibeVoice.Checkpoints.Torch;

/// <summary>A file written by <c>torch.save</c>: a zip of one pickle and raw storages, none of it compressed.</summary>
internal sealed class TorchArchive : IDisposable
{
    // A published preset has some 4 MB.
    private const long MaximumBytes = 1024 * 1024 * 1024;

    // Some 100 bytes per tensor, and a hundred tensors.
    private const long MaximumPickleBytes = 4 * 1024 * 1024;

    private readonly string _path;
    private readonly ZipArchive _zip;
    private readonly string _root;
    private readonly Dictionary<string, byte[]> _storages = [];

    private TorchArchive(string path, ZipArchive zip)
    {
        _path = path;
        _zip = zip;
        var pickles = zip.Entries.Where(entry => IsPickle(entry.FullName)).Take(2).ToArray();
        if (pickles is not [var pickle])
        {
            throw Broken($"holds {(pickles.Length == 0 ? "no" : "more than one")} 'data.pkl', but one is expected");
        }

        // Nothing is compressed and nothing overlaps, so what is read can never be more than the file itself has.
        var length = new FileInfo(path).Length;
        if (length > MaximumBytes)
        {
            throw Broken($"has {length:N0} bytes, but at most {MaximumBytes:N0} are expected");
        }

        var total = 0L;
        foreach (var entry in zip.Entries)
        {
            if (entry.Length != entry.CompressedLength)
            {
                throw Broken($"has the compressed entry '{entry.FullName}', and torch.save compresses nothing");
            }

            total += entry.Length;
            if (entry.Length < 0 || total > length)
            {
                throw Broken($"has {length:N0} bytes, but its entries claim more");
            }
        }

        _root = pickle.FullName[..^"data.pkl".Length];
        Pickle =
            pickle.Length <= MaximumPickleBytes
                ? ReadEntry(pickle)
                : throw Broken(
                    $"has a pickle of {pickle.Length:N0} bytes, but at most {MaximumPickleBytes:N0} are expected"
                );
        if (zip.GetEntry(_root + "byteorder") is { Length: <= 16 } order && ReadEntry(order) is var text)
        {
            if (!text.AsSpan().SequenceEqual("little"u8))
            {
                throw Broken("was written on a machine of another byte order");
            }
        }
    }

    public byte[] Pickle { get; }

    /// <summary>Opens and checks an archive.</summary>
    /// <exception cref="ModelFormatException">It is not a sound archive of torch.save.</exception>
    public static TorchArchive Open(string path)
    {
        ZipArchive? zip = null;
        try
        {
            zip = ZipFile.OpenRead(path);
            return new TorchArchive(path, zip);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            zip?.Dispose();
            throw Unreadable(path, exception);
        }
        catch
        {
            zip?.Dispose();
            throw;
        }
    }

    /// <summary>The elements of a tensor as float32, contiguous and row-major, whatever its strides are.</summary>
    /// <remarks>The caller has checked that the shape is one that it can use.</remarks>
    public float[] Read(TorchTensor tensor)
    {
        var storage = ReadStorage(tensor.Storage);
        var shape = tensor.Shape;
        var count = shape.Aggregate(1L, (product, size) => checked(product * size));
        if (count == 0)
        {
            return [];
        }

        // The furthest element; Int128, since the file may claim any stride.
        Int128 last = tensor.Offset;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            last += (Int128)(shape[axis] - 1) * tensor.Strides[axis];
        }

        if (last >= tensor.Storage.ElementCount)
        {
            throw Broken(
                $"has a tensor that reaches to element {last} of storage '{tensor.Storage.Key}', which has "
                    + $"{tensor.Storage.ElementCount:N0}"
            );
        }

        var elements = new float[count];
        var size = tensor.Storage.Dtype.Size();
        var index = new long[shape.Length];
        var position = tensor.Offset;
        for (var i = 0; i < elements.Length; i++)
        {
            var source = storage.AsSpan((int)(position * size), size);
            TensorConversion.ToSingle(tensor.Storage.Dtype, source, elements.AsSpan(i, 1));
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                position += tensor.Strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                position -= index[axis] * tensor.Strides[axis];
                index[axis] = 0;
            }
        }

        return elements;
    }

    public void Dispose() => _zip.Dispose();

    private byte[] ReadStorage(TorchStorage storage)
    {
        if (!_storages.TryGetValue(storage.Key, out var bytes))
        {
            var entry =
                _zip.GetEntry($"{_root}data/{storage.Key}")
                ?? throw Broken($"has no storage '{storage.Key}', which its pickle refers to");
            bytes = ReadEntry(entry);
            _storages.Add(storage.Key, bytes);
        }

        var expected = (Int128)storage.ElementCount * storage.Dtype.Size();
        return bytes.Length == expected
            ? bytes
            : throw Broken($"has {bytes.Length:N0} bytes in storage '{storage.Key}', but its pickle says {expected}");
    }

    private byte[] ReadEntry(ZipArchiveEntry entry)
    {
        try
        {
            using var stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            throw Unreadable(_path, exception);
        }
    }

    private static bool IsPickle(string name) =>
        name == "data.pkl" || name.EndsWith("/data.pkl", StringComparison.Ordinal);

    // What System.IO.Compression throws at a broken zip.
    private static bool IsUnreadable(Exception exception) =>
        exception
            is InvalidDataException
                or IOException
                or UnauthorizedAccessException
                or NotSupportedException
                or ArgumentException
                or OverflowException;

    private static ModelFormatException Unreadable(string path, Exception exception) =>
        new($"Voice preset '{path}' cannot be read as an archive of torch.save: {exception.Message}", exception);

    private ModelFormatException Broken(string fault) =>
        new($"Voice preset '{_path}' {fault}. Use a preset from the repository of VibeVoice.");
}
