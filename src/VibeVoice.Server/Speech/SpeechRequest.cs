using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech;

/// <summary>One text to speak, valid by construction: see <see cref="SpeechRequestFactory"/>.</summary>
internal sealed record SpeechRequest
{
    /// <summary>The words, trimmed; nothing in it is a token.</summary>
    public required string Text { get; init; }

    /// <summary>What is done to <see cref="Text"/> before it is spoken.</summary>
    public TextOptions Preparation { get; init; } = new();

    /// <summary>Length of <see cref="Text"/> in Unicode scalars.</summary>
    public required int Characters { get; init; }

    public required VoiceInfo Voice { get; init; }

    public required AudioFormat Format { get; init; }

    /// <summary>Tempo of the answer, 0.25 to 4; the pitch is kept.</summary>
    public required double Speed { get; init; }

    /// <summary>Seed of the noise, 0 to 2^53 − 1, so that every JSON reader keeps it exact.</summary>
    public required long Seed { get; init; }

    /// <summary>Classifier-free guidance, 1 to 5.</summary>
    public required double CfgScale { get; init; }

    /// <summary>Diffusion steps for each frame, 1 to 50.</summary>
    public required int InferenceSteps { get; init; }

    /// <summary>Whether nobody listens before the whole is made, so that frames may be made several at once.</summary>
    public bool IsHeardWhole { get; init; }

    /// <summary>Where to go on, of a speech of the same request; null for its beginning.</summary>
    public SpeechPosition? From { get; init; }

    /// <summary>What was accepted but has no effect, in whole sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
