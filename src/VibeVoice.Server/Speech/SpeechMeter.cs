using System.Numerics.Tensors;

namespace VibeVoice.Server.Speech;

/// <summary>Measures one request as its frames pass. Written by one thread; read after the last frame.</summary>
internal sealed class SpeechMeter(TimeProvider timeProvider, double speed)
{
    /// <summary>3,200 samples at 24 kHz, of the published checkpoints.</summary>
    private const double FramesPerSecond = 7.5;

    private long _begun;
    private double _seconds;

    /// <summary>From the beginning to the first frame.</summary>
    public TimeSpan FirstAudio { get; private set; }

    /// <summary>From the beginning to the last frame.</summary>
    public TimeSpan Generation { get; private set; }

    /// <summary>Largest absolute sample.</summary>
    public float Peak { get; private set; }

    /// <summary>Length of the text in Unicode scalars.</summary>
    public int Characters { get; set; }

    /// <summary>Tokens of the prepared text; null where the engine reads none.</summary>
    public int? TextTokens { get; set; }

    /// <summary>The model's frames: 7.5 in a second of its speech, before the tempo is changed.</summary>
    public int Frames => (int)Math.Ceiling(Math.Round(_seconds * FramesPerSecond, 3));

    /// <summary>What the engine had to say.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>How long the audio sounds at the answer's tempo.</summary>
    public TimeSpan AudioDuration => TimeSpan.FromSeconds(_seconds / speed);

    /// <summary>Time to make the audio over time to hear it; below 1 is faster than real time.</summary>
    public double RealTimeFactor => _seconds > 0 ? Generation / AudioDuration : 0;

    public void Begin() => _begun = timeProvider.GetTimestamp();

    public void Add(AudioFrame frame)
    {
        if (_seconds == 0)
        {
            FirstAudio = timeProvider.GetElapsedTime(_begun);
        }

        _seconds += (double)frame.Samples.Length / frame.SampleRateHz;
        Peak = Math.Max(Peak, MathF.Abs(TensorPrimitives.MaxMagnitude(frame.Samples.Span)));
    }

    public void End() => Generation = timeProvider.GetElapsedTime(_begun);
}
