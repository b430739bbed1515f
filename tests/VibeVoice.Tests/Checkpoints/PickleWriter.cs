using System.IO.Compression;
using System.Text;

namespace VibeVoice.Tests.Checkpoints;

/// <summary>Writes pickles by hand, sound or not, and the archives around them.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];

    public PickleWriter() => Raw(0x80, 2);

    public byte[] Bytes => [.. _bytes];

    public PickleWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter Op(char opcode) => Raw((byte)opcode);

    public PickleWriter Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Raw((byte)'X').Raw(BitConverter.GetBytes(utf8.Length)).Raw(utf8);
    }

    public PickleWriter Number(long number) =>
        number is >= int.MinValue and <= int.MaxValue
            ? Raw((byte)'J').Raw(BitConverter.GetBytes((int)number))
            : Raw(0x8a, 8).Raw(BitConverter.GetBytes(number));

    public PickleWriter Global(string module, string name) => Raw(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    public PickleWriter Tuple(params long[] numbers)
    {
        Op('(');
        foreach (var number in numbers)
        {
            Number(number);
        }

        return Op('t');
    }

    /// <summary>A tensor over a storage, as torch.save writes it.</summary>
    public PickleWriter Tensor(
        string type,
        string key,
        long count,
        long offset,
        long[] shape,
        long[] strides,
        string device = "cuda:0"
    )
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Op('(').Text("storage").Global("torch", type).Text(key);
        Text(device).Number(count).Op('t').Op('Q').Number(offset).Tuple(shape).Tuple(strides).Raw(0x89);
        return Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');
    }

    /// <summary>An archive with this pickle and these storages.</summary>
    public static byte[] Archive(
        byte[] pickle,
        IEnumerable<(string Key, byte[] Bytes)> storages,
        CompressionLevel compression = CompressionLevel.NoCompression,
        string root = "archive/"
    )
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("data.pkl", pickle);
            foreach (var (key, bytes) in storages)
            {
                Add($"data/{key}", bytes);
            }

            void Add(string name, byte[] bytes)
            {
                using var entry = zip.CreateEntry(root + name, compression).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }
}
