using VibeVoice.Checkpoints;

namespace VibeVoice.Generation;

/// <summary>The parts of a loaded model, each for several streams at once. What they compute with is the engine's own affair.</summary>
/// <remarks>
/// Calls must not overlap, but in <see cref="RunBoth"/>; who schedules sees to it. Streams that share a call get what each
/// would get alone. Counts who uses it, and is freed by the last: a model may be disposed while a request is inside a frame.
/// </remarks>
internal abstract class SpeechEngine : IDisposable
{
    private int _users = 1;

    /// <summary>Sizes of the checkpoint.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>How exactly each part computes.</summary>
    public abstract Graphs.PartPrecisions Precisions { get; }

    /// <summary>Whether <see cref="Open"/> may run while another call does; if not, it takes its turn with them.</summary>
    public virtual bool OpensBesideCalls => false;

    /// <summary>Begins a stream from a voice's prompt, which is copied; its conditions are the prompt's last hidden states.</summary>
    /// <exception cref="ModelFormatException">The prompt does not fit the model.</exception>
    public abstract EngineStream Open(VoicePreset voice, SpeechRunOptions options);

    /// <summary>Reads a window of text: both language models, and the stream's condition after it.</summary>
    /// <param name="stream">Of this engine, with room for the tokens.</param>
    /// <param name="tokens">From 1 to <see cref="SpeechRun.TokensPerWindow"/>.</param>
    public abstract void ReadText(EngineStream stream, ReadOnlySpan<int> tokens);

    /// <summary>Turns the noise in each stream's <see cref="EngineStream.Latent"/> into its next latent.</summary>
    public abstract void Sample(ReadOnlySpan<EngineStream> streams);

    /// <summary>Decodes latents that follow each other, of several streams.</summary>
    public abstract void Decode(ReadOnlySpan<DecoderWork> work);

    /// <summary>Feeds each stream's latent back: its conditions and its <see cref="EngineStream.EndLogit"/> after it.</summary>
    public abstract void FeedBack(ReadOnlySpan<EngineStream> streams);

    /// <summary>Runs <see cref="FeedBack"/> and <see cref="Decode"/>, which do not depend on each other, at once if the engine can.</summary>
    /// <param name="feedBack">Makes the one call; must not throw.</param>
    /// <param name="decode">Makes the other, on the caller's thread; must not throw.</param>
    public virtual void RunBoth(Action feedBack, Action decode)
    {
        feedBack();
        decode();
    }

    /// <returns>False when the last user has already left.</returns>
    public bool TryEnter()
    {
        for (var users = Volatile.Read(ref _users); users > 0; )
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>To be called once by the owner, and once for every <see cref="TryEnter"/>.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Free();
        }
    }

    /// <summary>Frees what is computed with.</summary>
    protected abstract void Free();
}

/// <summary>What an engine remembers of one stream: caches, the decoder's contexts, and what goes from part to part.</summary>
/// <remarks>Not thread-safe. Disposed when no call of its engine uses it.</remarks>
internal abstract class EngineStream : IDisposable
{
    /// <summary>Noise before <see cref="SpeechEngine.Sample"/>, the latent after it, <c>[C]</c>.</summary>
    public abstract Span<float> Latent { get; }

    /// <summary>Condition of the next latent, <c>[D]</c>.</summary>
    public abstract Span<float> Condition { get; }

    /// <summary>What guidance leads the next latent away from, <c>[D]</c>.</summary>
    public abstract Span<float> NegativeCondition { get; }

    /// <summary>Above 0 (a probability above one half) the speech has ended.</summary>
    public abstract float EndLogit { get; }

    /// <summary>How many more text tokens there is room for, and how many more frames.</summary>
    public abstract int Room { get; }

    /// <summary>What the text model made of the last window, <c>[T, D]</c>; for those who compare.</summary>
    public abstract ReadOnlySpan<float> TextHidden { get; }

    /// <summary>What the speech model made of that, <c>[T, D]</c>; for those who compare.</summary>
    public abstract ReadOnlySpan<float> SpeechHidden { get; }

    public abstract void Dispose();
}

/// <summary>Latents of one stream that are to be decoded together.</summary>
/// <param name="Stream">Whose decoder goes on from the latents before these.</param>
/// <param name="Latents"><c>[F, C]</c> as they were sampled, F from 1 to <see cref="SpeechRun.FramesPerWindow"/>.</param>
/// <param name="Samples">Where the sound goes, <c>[F · samples per frame]</c>.</param>
internal readonly record struct DecoderWork(EngineStream Stream, ReadOnlyMemory<float> Latents, Memory<float> Samples);
