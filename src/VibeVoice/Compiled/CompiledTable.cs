using System.Text.Json;
using System.Text.Json.Serialization;

namespace VibeVoice.Compiled;

/// <summary>What a compiled file holds; the JSON at its end.</summary>
internal sealed record CompiledTable
{
    /// <summary>Tensors begin at multiples of it, so that a mapped page belongs to one tensor only.</summary>
    public const int Page = 4096;

    /// <summary>All that the bytes depend on: <see cref="CompiledKey.Text"/>.</summary>
    public required string Key { get; init; }

    /// <summary>In the order in which they lie.</summary>
    public required IReadOnlyList<CompiledEntry> Tensors { get; init; }

    /// <summary>Where the table begins: behind the last tensor.</summary>
    [JsonIgnore]
    public long End => Tensors is [.., var last] ? NextPage(last.Offset + last.Bytes) : Page;

    /// <summary>Places tensors behind the file's first page, one after the other; their checksums are not known yet.</summary>
    public static CompiledTable Place(CompiledKey key, IReadOnlyList<CompiledTensor> tensors)
    {
        var offset = (long)Page;
        var entries = new CompiledEntry[tensors.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new CompiledEntry(tensors[i].Name, offset, tensors[i].Bytes, uint.MaxValue);
            offset = NextPage(offset + tensors[i].Bytes);
        }

        return new CompiledTable { Key = key.Text, Tensors = entries };
    }

    /// <summary>Whether it has these tensors, of these sizes, in any order.</summary>
    public bool Fits(IReadOnlyList<CompiledTensor> tensors) =>
        Tensors.Count == tensors.Count
        && Tensors
            .Select(entry => (entry.Name, entry.Bytes))
            .ToHashSet()
            .SetEquals(tensors.Select(tensor => (tensor.Name, tensor.Bytes)));

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, CompiledJson.Default.CompiledTable);

    /// <exception cref="JsonException">It is no table.</exception>
    public static CompiledTable Parse(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, CompiledJson.Default.CompiledTable) ?? throw new JsonException("It is null.");

    private static long NextPage(long offset) => (offset + Page - 1) / Page * Page;
}

/// <summary>Where a tensor lies.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">In the file, a multiple of <see cref="CompiledTable.Page"/>.</param>
/// <param name="Bytes">How many; zeros follow up to the next page.</param>
/// <param name="Checksum">CRC-32C of them.</param>
internal sealed record CompiledEntry(string Name, long Offset, long Bytes, uint Checksum);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(CompiledTable))]
internal sealed partial class CompiledJson : JsonSerializerContext;
