using VibeVoice.Checkpoints;

namespace VibeVoice.Generation;

/// <summary>One chunk's run of the model: windows of text and frames, noise, the end of speech, room, and counts.</summary>
/// <remarks>
/// Windows of up to five text tokens and six frames, as the model was trained. A frame is <see cref="BeginFrame"/>, then
/// the engine samples, <see cref="TakeLatent"/>, then the engine feeds back, <see cref="EndFrame"/>; what was taken may be
/// decoded at any time after. Not thread-safe. The voice is copied from, never written to.
/// </remarks>
internal sealed class SpeechRun : IDisposable
{
    public const int TokensPerWindow = 5;
    public const int FramesPerWindow = 6;

    private readonly SpeechEngine _engine;
    private readonly EngineStream[] _stream; // one, as engines take them
    private readonly INoiseSource _noise;
    private readonly int _firstFrame;
    private readonly float[] _latents;
    private float[] _samples = [];
    private int _frameOfWindow;
    private bool _hasReadText;

    /// <param name="engine">Opens a stream for it.</param>
    /// <param name="voice">What it begins with.</param>
    /// <param name="options">How.</param>
    /// <param name="firstFrame">Number of its first frame in the whole speech, from which the noise follows.</param>
    public SpeechRun(SpeechEngine engine, VoicePreset voice, SpeechRunOptions options, int firstFrame = 0)
    {
        _engine = engine;
        _noise = options.Noise;
        _firstFrame = firstFrame;
        _latents = new float[FramesPerWindow * engine.Config.Acoustic.LatentSize];
        _stream = [engine.Open(voice, options)];
    }

    public EngineStream Stream => _stream[0];

    /// <summary>Whether the next window begins, and its text is due.</summary>
    public bool NeedsText => _frameOfWindow == 0 && End is null;

    /// <summary>Why there will be no more frames; null while there will.</summary>
    public SpeechEndReason? End { get; private set; }

    /// <summary>Whether speech has ended; the rest of the window is computed, but not put out.</summary>
    public bool SpeechHasEnded { get; private set; }

    /// <summary>Whether the frame that was put out last is the last one to be.</summary>
    public bool HasPutOutLast => SpeechHasEnded || End is not null;

    /// <summary>How many more tokens, or frames, the model has room for.</summary>
    public int Room => Stream.Room;

    public int FramesLeftOfWindow => FramesPerWindow - _frameOfWindow;

    public int FramesComputed { get; private set; }

    public int FramesPutOut { get; private set; }

    /// <summary>Frames that are to be put out and not decoded yet.</summary>
    public int FramesToDecode { get; private set; }

    /// <summary>The last latent, <c>[C]</c>.</summary>
    public ReadOnlySpan<float> Latent => Stream.Latent;

    /// <summary>Condition of the next latent, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> Condition => Stream.Condition;

    /// <summary>Negative condition of the next latent, <c>[D]</c>.</summary>
    public ReadOnlySpan<float> NegativeCondition => Stream.NegativeCondition;

    /// <summary>What <see cref="NextFrame"/> decoded, also after the end of speech; for those who compare.</summary>
    public ReadOnlySpan<float> Samples => _samples;

    public float EndLogit => Stream.EndLogit;

    /// <summary>What the text model made of the last window, <c>[T, D]</c>; for those who compare.</summary>
    public ReadOnlySpan<float> TextHidden => _hasReadText ? Stream.TextHidden : [];

    /// <summary>What the speech model made of that, <c>[T, D]</c>.</summary>
    public ReadOnlySpan<float> SpeechHidden => _hasReadText ? Stream.SpeechHidden : [];

    /// <summary>Reads the text of the window that begins; an empty one when the text is exhausted.</summary>
    public void ReadText(ReadOnlySpan<int> tokens)
    {
        _hasReadText = false;
        if (tokens.IsEmpty)
        {
            return;
        }

        if (tokens.Length > Room)
        {
            End = SpeechEndReason.PositionLimit;
            return;
        }

        using var timing = VibeVoiceMetrics.Time("text");
        _engine.ReadText(Stream, tokens);
        _hasReadText = true;
    }

    /// <summary>Lays out the noise of the next frame.</summary>
    public void BeginFrame() => _noise.Fill(_firstFrame + FramesComputed, Stream.Latent);

    /// <summary>Keeps what was sampled until it is decoded, and counts the frame.</summary>
    /// <returns>Whether there is room to feed it back.</returns>
    public bool TakeLatent()
    {
        FramesComputed++;
        if (!SpeechHasEnded)
        {
            Stream.Latent.CopyTo(_latents.AsSpan(FramesToDecode * Stream.Latent.Length));
            FramesToDecode++;
            FramesPutOut++;
        }

        return Room > 0;
    }

    /// <summary>Finds out whether there will be another frame.</summary>
    /// <remarks>
    /// The reference computes to the end of the window in which speech ended, and so do we: the counts agree, and a
    /// caller has the last frame long before.
    /// </remarks>
    public void EndFrame(bool wasFedBack)
    {
        if (!wasFedBack)
        {
            End = SpeechHasEnded ? SpeechEndReason.EndOfSpeech : SpeechEndReason.PositionLimit;
            return;
        }

        SpeechHasEnded |= EndLogit > 0;
        _frameOfWindow = (_frameOfWindow + 1) % FramesPerWindow;
        if (_frameOfWindow == 0 && SpeechHasEnded)
        {
            End ??= SpeechEndReason.EndOfSpeech;
        }
    }

    /// <summary>The frames that are to be decoded, which then count as decoded.</summary>
    /// <param name="samples">Where their sound goes.</param>
    public DecoderWork TakeDecoderWork(Memory<float> samples)
    {
        var latents = _latents.AsMemory(0, FramesToDecode * Stream.Latent.Length);
        FramesToDecode = 0;
        return new DecoderWork(Stream, latents, samples);
    }

    /// <summary>Computes the next frame alone, and decodes it also after the end of speech; for those who compare.</summary>
    /// <returns>Its samples as the decoder made them, or null for a frame after the end of speech.</returns>
    public float[]? NextFrame()
    {
        BeginFrame();
        _engine.Sample(_stream);
        var isPutOut = !SpeechHasEnded;
        var hasRoom = TakeLatent();
        Stream.Latent.CopyTo(_latents);
        FramesToDecode = 1;
        _samples = new float[_engine.Config.Acoustic.SamplesPerFrame];
        _engine.Decode([TakeDecoderWork(_samples)]);
        if (hasRoom)
        {
            _engine.FeedBack(_stream);
        }

        EndFrame(hasRoom);
        return isPutOut ? _samples : null;
    }

    /// <summary>Ends the run where it is.</summary>
    public void Stop(SpeechEndReason reason) => End ??= reason;

    public void Dispose() => Stream.Dispose();
}
