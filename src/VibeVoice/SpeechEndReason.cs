namespace VibeVoice;

/// <summary>Why a speech has no more frames.</summary>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public enum SpeechEndReason
{
    /// <summary>The model said that it has spoken.</summary>
    EndOfSpeech,

    /// <summary>The model's context is full; text may be left unspoken.</summary>
    PositionLimit,

    /// <summary>The caller cancelled, or stopped reading.</summary>
    Cancelled,
}
