using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech;

/// <summary>An engine: text in, samples out as they are made. Safe for several requests at once.</summary>
internal interface ISynthesizer
{
    /// <summary>The name under which requests and answers know the engine: "preview".</summary>
    string Engine { get; }

    /// <summary>What it runs, once loaded: a checkpoint, or a program and its version.</summary>
    string Model { get; }

    int SampleRateHz { get; }

    VoiceCatalog Voices { get; }

    /// <summary>Whether seed, guidance and steps mean anything to it.</summary>
    bool IsDiffusionModel { get; }

    /// <summary>Whether <see cref="LoadAsync"/> has come to its end.</summary>
    bool IsLoaded => true;

    /// <summary>Where it computes, once loaded; null for an engine that has no choice.</summary>
    Computing? Computing => null;

    /// <summary>Gets ready to speak at once. Called once, before the first request.</summary>
    /// <exception cref="SpeechFailedException">Something it needs is missing.</exception>
    Task LoadAsync(CancellationToken cancellationToken);

    /// <summary>Says what would be spoken, without speaking. Needs no <see cref="LoadAsync"/>.</summary>
    /// <exception cref="SpeechFailedException">Something it needs is missing.</exception>
    Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken);

    /// <summary>Speaks; each frame is handed out before the next is made.</summary>
    /// <exception cref="SpeechFailedException">The engine broke.</exception>
    IAsyncEnumerable<SpokenFrame> SpeakAsync(SpeechRequest request, CancellationToken cancellationToken);

    /// <summary>Speaks a text while it is being written: what can no longer change is spoken before the rest is there.</summary>
    /// <param name="request">How; its own text is not read.</param>
    /// <param name="text">Pieces, cut anywhere: the speech does not depend on where.</param>
    /// <param name="cancellationToken">Stops within one frame, or while text is awaited.</param>
    /// <exception cref="SpeechFailedException">The engine broke.</exception>
    /// <exception cref="PauseTooLongException">The text has come to a pause that is longer than the request allows.</exception>
    IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        CancellationToken cancellationToken
    );
}

/// <summary>A frame, and how much of the text has been spoken when it ends.</summary>
/// <param name="Audio">The samples.</param>
/// <param name="ShareOfText">0 to 1, never falling; 0 while the text is still being written.</param>
internal readonly record struct SpokenFrame(AudioFrame Audio, double ShareOfText)
{
    /// <summary>Tokens of the whole prepared text; null where the engine reads none, and while the text is still being written.</summary>
    public int? TextTokens { get; init; }

    /// <summary>Where the chunk begins whose first frame this is; null for its other frames.</summary>
    public SpeechMark? Mark { get; init; }

    /// <summary>What the caller should know, in a whole sentence; null mostly.</summary>
    public string? Warning { get; init; }
}

/// <summary>A place at which a speech can be taken up again: see <see cref="SpeechRequest.From"/>.</summary>
/// <param name="Position">The place.</param>
/// <param name="Warnings">What the caller should know of the chunks before it, as far as they were spoken in one go.</param>
internal sealed record SpeechMark(SpeechPosition Position, IReadOnlyList<string> Warnings);
