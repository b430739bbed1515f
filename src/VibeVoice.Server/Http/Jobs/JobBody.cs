using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Http.Speaking;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>The body of a job, for the OpenAPI document; <see cref="JobBodyReader"/> reads it.</summary>
internal sealed record JobBody : VoiceFields
{
    [Description("The text to speak, up to HTTP_JOB_MAX_TEXT_CHARACTERS.")]
    [Required]
    [MinLength(1)]
    public required string Input { get; init; }
}
