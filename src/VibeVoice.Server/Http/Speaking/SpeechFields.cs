using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>The body of a request for speech, for the OpenAPI document; <see cref="SpeechBodyReader"/> reads it.</summary>
internal sealed record SpeechFields : VoiceFields
{
    [Description("The text to speak.")]
    [Required]
    public required string Input { get; init; }

    [Description("audio: the file; sse: events with its pieces in base64.")]
    [DefaultValue("audio")]
    public string? StreamFormat { get; init; }
}
