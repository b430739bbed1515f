using System.Buffers.Binary;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>A reader of RIFF files that forgives nothing: every size must be true to the byte.</summary>
internal sealed record RiffReader(string Form, IReadOnlyList<(string Id, byte[] Content)> Chunks)
{
    public static RiffReader Read(byte[] file)
    {
        var (id, content) = Split(file).ShouldHaveSingleItem();
        id.ShouldBe("RIFF");
        return new RiffReader(Ascii(content[..4]), Split(content[4..]));
    }

    public byte[] this[string id] =>
        Chunks.Where(chunk => chunk.Id.Equals(id, StringComparison.Ordinal)).ShouldHaveSingleItem().Content;

    /// <summary>The texts of a LIST chunk of type INFO.</summary>
    public IReadOnlyDictionary<string, string> Info()
    {
        var list = this["LIST"];
        Ascii(list[..4]).ShouldBe("INFO");
        return Split(list[4..])
            .ToDictionary(
                item => item.Id,
                item =>
                {
                    item.Content[^1].ShouldBe((byte)0);
                    return TextEncoding.UTF8.GetString(item.Content[..^1]);
                },
                StringComparer.Ordinal
            );
    }

    private static List<(string Id, byte[] Content)> Split(byte[] bytes)
    {
        var chunks = new List<(string, byte[])>();
        for (var at = 0; at < bytes.Length; )
        {
            var size = (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4));
            chunks.Add((Ascii(bytes[at..(at + 4)]), bytes[(at + 8)..(at + 8 + size)]));
            at += 8 + size + (size % 2);
            at.ShouldBeLessThanOrEqualTo(bytes.Length);
        }

        return chunks;
    }

    private static string Ascii(byte[] bytes) => TextEncoding.ASCII.GetString(bytes);
}
