using System.Text.Json;
using System.Text.Json.Serialization;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>JSON of the files of a job.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(KeptRequest))]
[JsonSerializable(typeof(KeptState))]
internal sealed partial class KeptJson : JsonSerializerContext
{
    public static byte[] Write(KeptRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request, Default.KeptRequest);

    public static byte[] Write(KeptState state) => JsonSerializer.SerializeToUtf8Bytes(state, Default.KeptState);

    /// <exception cref="DamagedJobException">It is none.</exception>
    public static KeptRequest ReadRequest(byte[] json)
    {
        var request = Read(json, "request", Default.KeptRequest);
        return request.Version == Jobs.KeptRequest.CurrentVersion
            ? request
            : throw new DamagedJobException($"its request is of version {request.Version}");
    }

    /// <exception cref="DamagedJobException">It is none.</exception>
    public static KeptState ReadState(byte[] json)
    {
        var state = Read(json, "state", Default.KeptState);
        var isWhole = state.Parts is not null && state.Warnings is not null && Enum.IsDefined(state.Status);
        return isWhole && state.Version == Jobs.KeptState.CurrentVersion
            ? state
            : throw new DamagedJobException($"its state is of version {state.Version}, or lacks something");
    }

    private static T Read<T>(byte[] json, string what, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new DamagedJobException($"its {what} is null");
        }
        catch (JsonException)
        {
            throw new DamagedJobException($"its {what} is no JSON of ours");
        }
    }
}
