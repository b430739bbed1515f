using System.Text.Json;
using System.Text.Json.Serialization;

namespace EchoWorker;

/// <summary>What a job asks for; everything may be left out, and everything that is there is done, in this order.</summary>
/// <param name="Progress">Reports so many updates, 10 ms apart.</param>
/// <param name="SleepMs">Waits so many milliseconds.</param>
/// <param name="SpinMs">Burns a core for so many milliseconds.</param>
/// <param name="Fail">Throws with this text.</param>
/// <param name="Bytes">Returns a text of this length.</param>
/// <param name="Stream">Yields the numbers below this one, where the handler streams.</param>
/// <param name="Echo">Is returned as it is.</param>
internal sealed record EchoInput(
    int Progress,
    int SleepMs,
    int SpinMs,
    string? Fail,
    int? Bytes,
    int? Stream,
    JsonElement Echo
);

/// <summary>What a job returns.</summary>
internal sealed record EchoOutput
{
    /// <summary>Left out where the job has none, which is not the same as null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JsonElement Echo { get; init; }

    public string? Data { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(EchoInput))]
[JsonSerializable(typeof(EchoOutput))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class EchoJson : JsonSerializerContext;
