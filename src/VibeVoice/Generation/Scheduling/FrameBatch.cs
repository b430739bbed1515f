using System.Diagnostics.CodeAnalysis;

namespace VibeVoice.Generation.Scheduling;

/// <summary>Calls the engine for several runs at once; what a call throws is the failure of those who share it.</summary>
/// <remarks>
/// Latents are fed back before they are decoded: only then is it known whether a frame is the last, which its fade needs.
/// Not thread-safe.
/// </remarks>
internal sealed class FrameBatch(SpeechEngine engine)
{
    private readonly List<ScheduledRun> _sharing = [];
    private EngineStream[] _streams = [];
    private DecoderWork[] _work = [];

    /// <summary>Computes one frame for each that wants more, but for its sound.</summary>
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

        FeedBack();
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
        _sharing.Clear();
        foreach (var run in runs)
        {
            if (run.Failure is null && run.Run.FramesToDecode > 0)
            {
                _sharing.Add(run);
            }
        }

        if (_sharing.Count > 0)
        {
            Decode();
        }
    }

    /// <summary>Forgets the streams, which may be disposed.</summary>
    public void Clear()
    {
        _sharing.Clear();
        Array.Clear(_streams);
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
            engine.Sample(Streams());
        }
        catch (Exception exception)
        {
            FailAll(exception);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = Fails)]
    private void FeedBack()
    {
        if (_sharing.Count == 0)
        {
            return;
        }

        try
        {
            using var timing = VibeVoiceMetrics.Time("speech_step");
            engine.FeedBack(Streams());
        }
        catch (Exception exception)
        {
            FailAll(exception);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = Fails)]
    private void Decode()
    {
        var count = _sharing.Count;
        if (_work.Length < count)
        {
            _work = new DecoderWork[count];
        }

        for (var i = 0; i < count; i++)
        {
            _work[i] = _sharing[i].TakeDecoderWork(engine.Config.Acoustic.SamplesPerFrame);
        }

        try
        {
            using var timing = VibeVoiceMetrics.Time("decoder");
            engine.Decode(_work.AsSpan(0, count));
        }
        catch (Exception exception)
        {
            FailAll(exception);
        }

        Array.Clear(_work);
    }

    private const string Fails = "Whatever a call throws is its streams' failure, and theirs alone.";

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

    private void FailAll(Exception exception)
    {
        foreach (var run in _sharing)
        {
            run.Fail(exception);
        }
    }
}
