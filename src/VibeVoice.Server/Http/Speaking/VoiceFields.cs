using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace VibeVoice.Server.Http.Speaking;

/// <summary>What bodies say of how a text is spoken, for the OpenAPI document; <see cref="SpeechBodyReader"/> reads it.</summary>
internal abstract record VoiceFields
{
    [Description("Any name; every name is the one model.")]
    public string? Model { get; init; }

    [Description("A voice's name, a part that only one has, or an alias; OpenAI's object with an id is taken, too.")]
    public string? Voice { get; init; }

    [Description("mp3, opus, aac, flac, wav or pcm.")]
    [DefaultValue("mp3")]
    public string? ResponseFormat { get; init; }

    [Description("Tempo; the pitch is kept.")]
    [Range(0.25, 4.0)]
    public double? Speed { get; init; }

    [Description("Ignored.")]
    public string? Instructions { get; init; }

    [Description("The same seed, the same audio; 0 to 2^53 - 1.")]
    public long? Seed { get; init; }

    [Description("Classifier-free guidance.")]
    [Range(1.0, 5.0)]
    public double? CfgScale { get; init; }

    [Description("Diffusion steps for each frame.")]
    [Range(1, 50)]
    public int? Steps { get; init; }
}
