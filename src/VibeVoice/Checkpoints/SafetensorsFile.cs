namespace VibeVoice.Checkpoints;

/// <summary>A safetensors file, memory-mapped: tensors are converted as they are read.</summary>
/// <remarks>Safe to share between threads until disposed. The format: https://github.com/huggingface/safetensors.</remarks>
internal sealed class SafetensorsFile : IDisposable
{
    // Spans are counted in int, tensors are not.
    private const int ChunkElements = 1 << 24;

    private readonly MappedFile _file;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(string path, MappedFile file, SafetensorsHeader header)
    {
        Path = path;
        _file = file;
        _header = header;
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, TensorInfo> Tensors => _header.Tensors;

    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="ModelFormatException">It cannot be read, or is not a sound safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile? file = null;
        try
        {
            file = new MappedFile(path);
            return new SafetensorsFile(path, file, SafetensorsHeader.Read(path, file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new ModelFormatException($"'{path}' cannot be opened: {exception.Message}", exception);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>All elements of a floating-point tensor, row-major.</summary>
    public float[] ReadFloat32(string name)
    {
        var elements = new float[Countable(name, Find(name))];
        ReadFloat32(name, elements);
        return elements;
    }

    /// <summary>All elements of a floating-point tensor into memory of the same count.</summary>
    public void ReadFloat32(string name, Span<float> destination)
    {
        if (destination.Length != Find(name).ElementCount)
        {
            throw new ArgumentException($"'{name}' has {Find(name).ElementCount} elements.", nameof(destination));
        }

        ReadFloat32(name, 0, destination);
    }

    /// <summary>Some elements of a floating-point tensor, row-major from the first.</summary>
    public void ReadFloat32(string name, long first, Span<float> destination)
    {
        var tensor = Find(name);
        if (!tensor.Dtype.IsWeight() && tensor.Dtype != TensorDtype.F64)
        {
            throw new WeightMismatchException(name, Path, "type BF16, F16 or F32", $"type {tensor.Dtype.Name()}");
        }

        if (first + destination.Length > tensor.ElementCount)
        {
            throw new ArgumentException($"'{name}' has {tensor.ElementCount} elements.", nameof(destination));
        }

        var size = tensor.Dtype.Size();
        for (var start = 0; start < destination.Length; start += ChunkElements)
        {
            var count = Math.Min(ChunkElements, destination.Length - start);
            var source = _file.Span(tensor.Offset + ((first + start) * size), count * size);
            TensorConversion.ToSingle(tensor.Dtype, source, destination.Slice(start, count));
        }
    }

    /// <summary>All elements of a tensor of signed 32- or 64-bit integers.</summary>
    public long[] ReadInt64(string name)
    {
        var tensor = Find(name);
        var elements = new long[Countable(name, tensor)];
        var bytes = _file.Span(tensor.Offset, checked((int)tensor.ByteCount));
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = tensor.Dtype switch
            {
                TensorDtype.I64 => BitConverter.ToInt64(bytes[(i * 8)..]),
                TensorDtype.I32 => BitConverter.ToInt32(bytes[(i * 4)..]),
                _ => throw new WeightMismatchException(name, Path, "type I64 or I32", $"type {tensor.Dtype.Name()}"),
            };
        }

        return elements;
    }

    public void Dispose() => _file.Dispose();

    private TensorInfo Find(string name) =>
        Tensors.TryGetValue(name, out var tensor)
            ? tensor
            : throw WeightMismatchException.Missing(name, Path, "a tensor");

    private int Countable(string name, TensorInfo tensor) =>
        tensor.ElementCount <= Array.MaxLength
            ? (int)tensor.ElementCount
            : throw new WeightMismatchException(
                name,
                Path,
                $"at most {Array.MaxLength:N0} elements",
                $"{tensor.ElementCount:N0} elements"
            );
}
