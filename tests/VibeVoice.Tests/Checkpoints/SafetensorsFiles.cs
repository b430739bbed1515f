using System.Buffers.Binary;
using System.Text;

namespace VibeVoice.Tests.Checkpoints;

/// <summary>Safetensors files of any header, sound or not.</summary>
internal static class SafetensorsFiles
{
    public static byte[] Make(string header, int dataBytes = 0, long? claimedHeaderBytes = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, claimedHeaderBytes ?? json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }

    /// <summary>One entry of a header.</summary>
    public static string Tensor(string name, string dtype, string shape, long begin, long end) =>
        $$"""  "{{name}}": {"dtype":"{{dtype}}","shape":{{shape}},"data_offsets":[{{begin}},{{end}}]}  """;
}
