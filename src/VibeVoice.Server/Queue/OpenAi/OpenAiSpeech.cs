using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Lists;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue.OpenAi;

/// <summary>
/// The whole audio of a request for speech. OpenAI's API answers with the bytes; the output of a job is JSON, so that they
/// are in base64 here, or at a URL where there is a bucket.
/// </summary>
/// <param name="Type">Always "speech.audio", in the manner of OpenAI's events.</param>
/// <param name="Audio">The file, in base64.</param>
/// <param name="AudioUrl">Where it is instead.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Usage">As of an event stream.</param>
/// <param name="Metadata">As of other jobs.</param>
internal sealed record OpenAiSpeech(
    string Type,
    string? Audio,
    string? AudioUrl,
    string ContentType,
    Usage Usage,
    JobMetadata Metadata
);

/// <summary>JSON of the answers to OpenAI's requests, nothing that is null but where OpenAI's API has it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(VoiceList))]
[JsonSerializable(typeof(OutlineAnswer))]
[JsonSerializable(typeof(AudioDelta))]
[JsonSerializable(typeof(AudioDone))]
[JsonSerializable(typeof(ErrorEvent))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(string))]
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    /// <summary>The one to use; see <see cref="JobJson.Compact"/>.</summary>
    public static OpenAiJson Compact => CompactHolder.Instance;

    /// <summary>Made after <see cref="Default"/>, which stands in another part of this class.</summary>
    private static class CompactHolder
    {
        public static readonly OpenAiJson Instance = new(
            new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
        );
    }
}
