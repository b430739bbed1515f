using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace VibeVoice.Generation.Scheduling;

/// <summary>Calls the engine for several runs at once; what a call throws is the failure of those who share it.</summary>
/// <remarks>
/// Latents are fed back before, or while, they are decoded: only then is it known whether a frame is the last, which its fade
/// needs. Not thread-safe.
/// </remarks>
internal sealed class FrameBatch
{
    private const string Fails = "Whatever a call throws is its streams' failure, and theirs alone.";

    private readonly SpeechEngine _engine;
    private readonly Action _feedBack;
    private readonly Action _decode;
    private readonly List<ScheduledRun> _sharing = [];
    private readonly List<ScheduledRun> _decoding = [];
    private EngineStream[] _streams = [];
    private DecoderWork[] _work = [];
    private (long Begun, long Ended) _feedBackTime;
    private (long Begun, long Ended) _decodeTime;

    public FrameBatch(SpeechEngine engine)
    {
        _engine = engine;
        _feedBack = FeedBack; // made once, not for every frame
        _decode = Decode;
    }

    /// <summary>
    /// Computes one frame for each that wants more, and the sound of those that wanted this one alone; for what else is due see
    /// <see cref="Decode(List{ScheduledRun})"/>.
    /// </summary>
    public void Compute(List<ScheduledRun> runs)
    {
        _sharing.Clear();
        foreach (var run in runs)
        {
            if (!run.IsDue)
            {
                Begin(run);
            }

            if (!run.IsDue)
            {
                _sharing.Add(run);
            }
        }

        Sample();
        for (var i = _sharing.Count - 1; i >= 0; i--)
        {
            var run = _sharing[i];
            if (run.IsOver)
            {
                _sharing.RemoveAt(i);
            }
            else if (!run.Run.TakeLatent())
            {
                run.EndFrame(wasFedBack: false);
                _sharing.RemoveAt(i);
            }
        }

        FeedBackAndDecode();
        foreach (var run in _sharing)
        {
            if (!run.IsOver)
            {
                run.EndFrame(wasFedBack: true);
            }
        }
    }

    /// <summary>Decodes what each has waiting.</summary>
    public void Decode(List<ScheduledRun> runs)
    {
        _decoding.Clear();
        foreach (var run in runs)
        {
            if (run.Failure is null && run.Run.FramesToDecode > 0)
            {
                _decoding.Add(run);
            }
        }

        if (_decoding.Count > 0)
        {
            TakeDecoderWork();
            Decode();
        }
    }

    /// <summary>Forgets the streams, which may be disposed.</summary>
    public void Clear()
    {
        _sharing.Clear();
        _decoding.Clear();
        Array.Clear(_streams);
        Array.Clear(_work);
    }

    [SuppressMessage("Design", "CA1031", Justification = Fails)]
    private static void Begin(ScheduledRun run)
    {
        try
        {
            run.Begin();
        }
        catch (Exception exception)
        {
            run.Fail(exception);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = Fails)]
    private void Sample()
    {
        if (_sharing.Count == 0)
        {
            return;
        }

        try
        {
            using var timing = VibeVoiceMetrics.Time("sampler");
            _engine.Sample(Streams());
        }
        catch (Exception exception)
        {
            FailAll(_sharing, exception);
        }
    }

    /// <summary>Both at once, but for the sound that waits for more frames.</summary>
    private void FeedBackAndDecode()
    {
        if (_sharing.Count == 0)
        {
            return;
        }

        _decoding.Clear();
        foreach (var run in _sharing)
        {
            if (run.WantsThisFrameAlone)
            {
                _decoding.Add(run);
            }
        }

        if (_decoding.Count == 0)
        {
            FeedBack();
        }
        else
        {
            TakeDecoderWork();
            _engine.RunBoth(_feedBack, _decode);
            VibeVoiceMetrics.TellOverlap(_feedBackTime, _decodeTime);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = Fails)]
    private void FeedBack()
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            using var timing = VibeVoiceMetrics.Time("speech_step");
            _engine.FeedBack(Streams());
        }
        catch (Exception exception)
        {
            FailAll(_sharing, exception);
        }

        _feedBackTime = (begun, Stopwatch.GetTimestamp());
    }

    private void TakeDecoderWork()
    {
        if (_work.Length < _decoding.Count)
        {
            _work = new DecoderWork[_decoding.Count];
        }

        for (var i = 0; i < _decoding.Count; i++)
        {
            _work[i] = _decoding[i].TakeDecoderWork(_engine.Config.Acoustic.SamplesPerFrame);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = Fails)]
    private void Decode()
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            using var timing = VibeVoiceMetrics.Time("decoder");
            _engine.Decode(_work.AsSpan(0, _decoding.Count));
        }
        catch (Exception exception)
        {
            FailAll(_decoding, exception);
        }

        _decodeTime = (begun, Stopwatch.GetTimestamp());
    }

    private ReadOnlySpan<EngineStream> Streams()
    {
        if (_streams.Length < _sharing.Count)
        {
            _streams = new EngineStream[_sharing.Count];
        }

        for (var i = 0; i < _sharing.Count; i++)
        {
            _streams[i] = _sharing[i].Run.Stream;
        }

        return _streams.AsSpan(0, _sharing.Count);
    }

    private static void FailAll(List<ScheduledRun> runs, Exception exception)
    {
        foreach (var run in runs)
        {
            run.Fail(exception);
        }
    }
}
