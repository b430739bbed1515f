namespace VibeVoice;

/// <summary>Why a speech, or a chunk of it, has no more frames.</summary>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public enum SpeechEndReason
{
    /// <summary>The model said that it has spoken; also the end of a text with nothing to speak.</summary>
    EndOfSpeech,

    /// <summary>The model's context is full; text may be left unspoken.</summary>
    PositionLimit,

    /// <summary>The caller cancelled, or stopped reading.</summary>
    Cancelled,

    /// <summary><see cref="LongTextOptions.MaxChunkDuration"/> was reached; text may be left unspoken.</summary>
    DurationLimit,
}
