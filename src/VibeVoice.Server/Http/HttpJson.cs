using System.Text.Json.Serialization;
using VibeVoice.Server.Http.Lists;

namespace VibeVoice.Server.Http;

/// <summary>JSON of the HTTP server's answers: snake_case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(VoiceList))]
internal sealed partial class HttpJson : JsonSerializerContext;
