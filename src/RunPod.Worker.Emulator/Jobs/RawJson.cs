using System.Runtime.InteropServices;
using System.Text.Json;

namespace RunPod.Worker.Emulator.Jobs;

/// <summary>JSON that is passed on byte for byte: numbers of any length, half surrogates and all.</summary>
internal static class RawJson
{
    /// <summary>As deep as workers of this family read; the default of 64 is less than some models' inputs have.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8) => JsonDocument.Parse(utf8, Deep);

    /// <summary>The bytes of a member; null where there is none.</summary>
    public static byte[]? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? JsonMarshal.GetRawUtf8Value(value).ToArray() : null;

    /// <summary>The same, but null also where the member is null.</summary>
    public static byte[]? Value(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? JsonMarshal.GetRawUtf8Value(value).ToArray()
            : null;

    /// <summary>The text of a string; null if the element is none, or holds half a surrogate pair, which is no text.</summary>
    public static string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
