using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>
/// Tells a worker's refusal of an input, which it would repeat for ever, from a failure that another attempt may not meet.
/// RunPod keeps nothing but the text of an error, and refusals of this program's worker name the field first.
/// </summary>
internal static class JobRefusal
{
    private static readonly string[] Fields =
    [
        SpeechFieldNames.Job.Text,
        SpeechFieldNames.Job.Voice,
        SpeechFieldNames.Job.Format,
        SpeechFieldNames.Job.Speed,
        SpeechFieldNames.Job.Seed,
        SpeechFieldNames.Job.CfgScale,
        SpeechFieldNames.Job.InferenceSteps,
    ];

    /// <summary>The field of the input that is refused; null where the error is another.</summary>
    public static string? FieldOf(string error)
    {
        var field = Fields.FirstOrDefault(name => error.StartsWith($"'{name}' ", StringComparison.Ordinal));
        // An answer that is too large is too large again: the text decides it.
        return
            field is null
            && error.Contains("RunPod", StringComparison.Ordinal)
            && error.Contains(" base64", StringComparison.Ordinal)
            ? SpeechFieldNames.Job.Text
            : field;
    }
}
