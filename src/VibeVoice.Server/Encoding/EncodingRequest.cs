using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>How the samples of one response become a file.</summary>
internal sealed record EncodingRequest
{
    public required AudioFormat Format { get; init; }

    /// <summary>Rate of the frames that will come, and of the file.</summary>
    public required int SampleRateHz { get; init; }

    /// <summary>Tempo, 0.25 to 4; the pitch is kept. 1 leaves the samples alone.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>What made the audio, for the tag that says it is AI-generated: "preview (espeak-ng 1.51)".</summary>
    public required string GeneratedBy { get; init; }

    /// <summary>The sentence that every tag carries.</summary>
    public string AiComment => $"AI-generated speech by {GeneratedBy}";

    /// <summary>
    /// Whether the receiver can change the beginning of the file once the end is known (a buffer, a file, a first part
    /// kept back). A wav then gets its tag after the data and true sizes by <see cref="EncodedAudio.CompletedHead"/>;
    /// otherwise its sizes say "unknown" (0xFFFFFFFF).
    /// </summary>
    public bool HeadCanBeCompleted { get; init; }
}
