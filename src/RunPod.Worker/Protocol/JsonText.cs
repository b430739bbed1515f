using System.Text.Json;

namespace RunPod.Worker.Protocol;

/// <summary>Texts in JSON that a stranger wrote.</summary>
internal static class JsonText
{
    /// <summary>The text of a string; null if the element is none, or holds half a surrogate pair, which is no text.</summary>
    public static string? Of(JsonElement element)
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
