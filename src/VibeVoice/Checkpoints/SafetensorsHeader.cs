using System.Buffers.Binary;
using System.Text.Json;

namespace VibeVoice.Checkpoints;

/// <summary>Reads and checks the header of a safetensors file: after this, every offset in it can be trusted.</summary>
/// <remarks>
/// The format: 8 bytes of length, that much JSON, then the tensors' bytes without gaps. As the reference library does,
/// overlaps, gaps and anything past the last tensor are refused.
/// </remarks>
internal sealed class SafetensorsHeader
{
    // The limit of the reference library; a published header has some 100 kB.
    private const long MaximumHeaderBytes = 100_000_000;
    private const int LengthBytes = 8;
    private const int MaximumRank = 32;

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _dataBytes;

    private SafetensorsHeader(string path, long dataStart, long dataBytes)
    {
        _path = path;
        _dataStart = dataStart;
        _dataBytes = dataBytes;
    }

    public Dictionary<string, TensorInfo> Tensors { get; } = [];

    public Dictionary<string, string> Metadata { get; } = [];

    public static SafetensorsHeader Read(string path, MappedFile file)
    {
        if (file.Length < LengthBytes)
        {
            throw Broken(path, $"has {file.Length} bytes, but a safetensors file has at least {LengthBytes}");
        }

        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, LengthBytes));
        if (headerBytes > MaximumHeaderBytes)
        {
            throw Broken(
                path,
                $"says its header has {headerBytes:N0} bytes, but at most {MaximumHeaderBytes:N0} are allowed"
            );
        }

        var dataStart = LengthBytes + (long)headerBytes;
        if (dataStart > file.Length)
        {
            throw Broken(
                path,
                $"says its header has {headerBytes:N0} bytes, but the whole file has {file.Length:N0}: it is truncated"
            );
        }

        var header = new SafetensorsHeader(path, dataStart, file.Length - dataStart);
        try
        {
            header.Parse(file.Span(LengthBytes, (int)headerBytes));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException(
                $"The header of '{path}' is not the JSON of a safetensors file: {exception.Message} "
                    + "Copy the file again from where the model came from.",
                exception
            );
        }

        header.CheckLayout();
        return header;
    }

    private void Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Broken(_path, "has a header that is no JSON object");
        }

        var hasMetadata = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "__metadata__")
            {
                if (hasMetadata)
                {
                    throw Broken(_path, "has two '__metadata__' in its header");
                }

                hasMetadata = true;
                ParseMetadata(ref reader);
            }
            else if (!Tensors.TryAdd(name, ParseTensor(ref reader, name)))
            {
                throw Broken(_path, $"names tensor '{name}' twice");
            }
        }

        while (reader.Read()) { } // so that what follows the object is found to be an error
    }

    private void ParseMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Broken(_path, "has a '__metadata__' that is no JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            Metadata[key] = reader.GetString() ?? "";
        }
    }

    private TensorInfo ParseTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw BrokenTensor(name, "is no JSON object");
        }

        string? dtypeName = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString();
            reader.Read();
            switch (key)
            {
                case "dtype" when dtypeName is null:
                    dtypeName = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ParseNumbers(ref reader, name, key);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ParseNumbers(ref reader, name, key);
                    break;
                default:
                    throw BrokenTensor(name, $"has an unexpected key '{key}'");
            }
        }

        if (dtypeName is null || shape is null || offsets is not [var begin, var end])
        {
            throw BrokenTensor(name, "lacks one of 'dtype', 'shape' and two 'data_offsets'");
        }

        if (TensorDtypes.Parse(dtypeName) is not { } dtype)
        {
            throw BrokenTensor(name, $"has the unknown type '{dtypeName}'");
        }

        if (begin > end || end > _dataBytes)
        {
            throw BrokenTensor(
                name,
                $"lies at bytes {begin:N0} to {end:N0}, but the file has only {_dataBytes:N0} bytes of tensors: "
                    + "it is truncated, or its header is wrong"
            );
        }

        if (ByteCount(shape, dtype) is var expected && expected != end - begin)
        {
            throw BrokenTensor(
                name,
                $"has {end - begin:N0} bytes, but {expected:N0} are expected of {dtype.Name()} {TensorText.Shape(shape)}"
            );
        }

        if (begin % dtype.Size() != 0)
        {
            throw BrokenTensor(name, $"begins at byte {begin:N0}, which {dtype.Name()} elements cannot be aligned to");
        }

        return new TensorInfo(dtype, shape, _dataStart + begin, end - begin);
    }

    private long[] ParseNumbers(ref Utf8JsonReader reader, string name, string key)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw BrokenTensor(name, $"has a '{key}' that is no list");
        }

        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
            {
                throw BrokenTensor(name, $"has a '{key}' that holds something other than whole numbers from 0");
            }

            if (numbers.Count == MaximumRank)
            {
                throw BrokenTensor(name, $"has more than {MaximumRank} numbers in '{key}'");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    // -1 where the product does not fit: no tensor has that many bytes.
    private static long ByteCount(long[] shape, TensorDtype dtype)
    {
        Int128 bytes = dtype.Size();
        foreach (var size in shape)
        {
            bytes *= size;
            if (bytes > long.MaxValue)
            {
                return -1;
            }
        }

        return (long)bytes;
    }

    private void CheckLayout()
    {
        var position = _dataStart;
        var previous = "";
        foreach (var (name, tensor) in Tensors.OrderBy(pair => pair.Value.Offset).ThenBy(pair => pair.Value.ByteCount))
        {
            if (tensor.Offset != position)
            {
                throw BrokenTensor(
                    name,
                    tensor.Offset < position
                        ? $"overlaps tensor '{previous}' by {position - tensor.Offset:N0} bytes"
                        : $"begins {tensor.Offset - position:N0} bytes after the end of what precedes it, which must not be"
                );
            }

            position = tensor.Offset + tensor.ByteCount;
            previous = name;
        }

        var unused = _dataStart + _dataBytes - position;
        if (unused != 0)
        {
            throw Broken(_path, $"has {unused:N0} bytes that belong to no tensor of its header");
        }
    }

    private ModelFormatException BrokenTensor(string name, string fault) =>
        Broken(_path, $"is broken: tensor '{name}' {fault}");

    private static ModelFormatException Broken(string path, string fault) =>
        new($"'{path}' {fault}. Copy the file again from where the model came from.");
}
