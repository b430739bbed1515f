using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using VibeVoice.Server.Http.Speaking;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>What the server says in a text stream beside the audio.</summary>
/// <param name="Type">Which of them it is.</param>
internal abstract record ServerMessage([property: JsonPropertyOrder(-1)] string Type);

/// <summary>The answer to "start": how the text that comes will be spoken.</summary>
internal sealed record StartedMessage() : ServerMessage("started")
{
    public required string Voice { get; init; }

    public required string Format { get; init; }

    public required string ContentType { get; init; }

    public required int SampleRateHz { get; init; }

    public int Channels { get; init; } = 1;

    public required long Seed { get; init; }

    public required string Engine { get; init; }

    public required string Model { get; init; }

    public bool AiGenerated { get; init; } = true;

    /// <summary>Fields that were given and change nothing.</summary>
    public required IReadOnlyList<string> Ignored { get; init; }
}

/// <summary>A piece of the file, for clients that take no binary messages.</summary>
internal sealed record AudioMessage(string Audio) : ServerMessage("audio");

/// <summary>How far the engine has come.</summary>
/// <param name="Characters">Characters of the text, as a JavaScript string counts them, that it had read…</param>
/// <param name="Seconds">…when it had made so much audio.</param>
internal sealed record ProgressMessage(int Characters, double Seconds) : ServerMessage("progress");

/// <summary>The end of a speech.</summary>
internal sealed record DoneMessage() : ServerMessage("done")
{
    public required Usage Usage { get; init; }

    /// <summary>Unicode scalars of the text.</summary>
    public required int Characters { get; init; }

    public required double DurationSeconds { get; init; }

    public required long Seed { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>The answer to "cancel": nothing more comes of what was spoken, and its slot is free.</summary>
internal sealed record CancelledMessage() : ServerMessage("cancelled");

/// <summary>The answer to "ping".</summary>
internal sealed record PongMessage() : ServerMessage("pong");

/// <summary>What went wrong; a speech that ran has ended.</summary>
internal sealed record ErrorMessage(
    ErrorDetails Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? RetryAfterSeconds
) : ServerMessage("error")
{
    public static ErrorMessage Of(ApiException error) =>
        new(error.Body.Error, error.RetryAfter is { } wait ? ErrorAnswers.WholeSeconds(wait) : null);
}

/// <summary>JSON of the messages.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StartedMessage))]
[JsonSerializable(typeof(AudioMessage))]
[JsonSerializable(typeof(ProgressMessage))]
[JsonSerializable(typeof(DoneMessage))]
[JsonSerializable(typeof(CancelledMessage))]
[JsonSerializable(typeof(PongMessage))]
[JsonSerializable(typeof(ErrorMessage))]
internal sealed partial class TextStreamJson : JsonSerializerContext
{
    /// <summary>The default encoder writes the '+' of base64 as six characters; none of this is put into a page.</summary>
    public static byte[] Write(ServerMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, message.GetType(), CompactHolder.Instance);

    /// <summary>Made after <see cref="Default"/>, which stands in another part of this class.</summary>
    private static class CompactHolder
    {
        public static readonly TextStreamJson Instance = new(
            new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
        );
    }
}
