using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;

namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>An engine of plain arithmetic: each number depends on all that its stream was given before, in that order.</summary>
/// <remarks>It fails where calls overlap, or where a stream is used after its end or beyond its room.</remarks>
internal sealed class FakeEngine : SpeechEngine
{
    public const int Capacity = 80;

    private static readonly ModelConfig _config = ModelConfig.Load(GoldenFiles.Tiny);

    private readonly Lock _lock = new();
    private readonly List<FakeCall> _calls = [];
    private int _callers;
    private int _streams;
    private int _open;

    public override ModelConfig Config => _config;

    public override PartPrecisions Precisions { get; } = PartPrecisions.All(ModelPrecision.Float32);

    public override bool OpensBesideCalls => MayOpenBesideCalls;

    public bool MayOpenBesideCalls { get; init; }

    /// <summary>Called inside each call: may block, and may throw.</summary>
    public Action<FakeCall> OnCall { get; set; } = _ => { };

    /// <summary>The most streams that were open at once.</summary>
    public int MostOpen { get; private set; }

    public bool IsFreed { get; private set; }

    /// <summary>Calls so far, in order; streams are numbered as they were opened.</summary>
    public FakeCall[] Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>The streams of each call of one part.</summary>
    public int[][] StreamsOf(string part) => [.. Calls.Where(call => call.Part == part).Select(call => call.Streams)];

    public override EngineStream Open(VoicePreset voice, SpeechRunOptions options)
    {
        if (!MayOpenBesideCalls)
        {
            Call("open", [], () => { });
        }

        lock (_lock)
        {
            MostOpen = Math.Max(MostOpen, ++_open);
            return new FakeStream(this, _streams++, options.Guidance);
        }
    }

    public override void ReadText(EngineStream stream, ReadOnlySpan<int> tokens)
    {
        var all = tokens.ToArray();
        Call("text", [(FakeStream)stream], () => ((FakeStream)stream).ReadText(all));
    }

    public override void Sample(ReadOnlySpan<EngineStream> streams) =>
        CallEach("sample", streams, stream => stream.Sample());

    public override void FeedBack(ReadOnlySpan<EngineStream> streams) =>
        CallEach("feed back", streams, stream => stream.FeedBack());

    public override void Decode(ReadOnlySpan<DecoderWork> work)
    {
        var all = work.ToArray();
        Call(
            "decode",
            [.. all.Select(part => (FakeStream)part.Stream)],
            () => Array.ForEach(all, part => ((FakeStream)part.Stream).Decode(part.Latents.Span, part.Samples.Span)),
            all.Max(part => part.Latents.Length) / Config.Acoustic.LatentSize
        );
    }

    public void Close()
    {
        lock (_lock)
        {
            _open--;
        }
    }

    protected override void Free()
    {
        _open.ShouldBe(0);
        IsFreed.ShouldBeFalse();
        IsFreed = true;
    }

    private void CallEach(string part, ReadOnlySpan<EngineStream> streams, Action<FakeStream> compute)
    {
        FakeStream[] all = [.. streams.ToArray().Cast<FakeStream>()];
        Call(part, all, () => Array.ForEach(all, compute));
    }

    private void Call(string part, FakeStream[] streams, Action compute, int frames = 1)
    {
        IsFreed.ShouldBeFalse();
        Interlocked.Increment(ref _callers).ShouldBe(1);
        var call = new FakeCall(part, [.. streams.Select(stream => stream.Number)], frames);
        lock (_lock)
        {
            _calls.Add(call);
        }

        try
        {
            streams.Distinct().Count().ShouldBe(streams.Length);
            OnCall(call);
            compute();
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }
}

/// <summary>A call of the engine.</summary>
/// <param name="Part">"open", "text", "sample", "feed back" or "decode".</param>
/// <param name="Streams">Numbers of the streams that share it.</param>
/// <param name="Frames">The most frames of one stream.</param>
internal sealed record FakeCall(string Part, int[] Streams, int Frames);

internal sealed class FakeStream : EngineStream
{
    private readonly FakeEngine _engine;
    private readonly float[] _latent;
    private readonly float[] _condition;
    private readonly float[] _negativeCondition;
    private uint _state;
    private uint _sound = 1;
    private int _positions;
    private bool _isDisposed;

    public FakeStream(FakeEngine engine, int number, float guidance)
    {
        _engine = engine;
        Number = number;
        _state = BitConverter.SingleToUInt32Bits(guidance);
        _latent = new float[engine.Config.Acoustic.LatentSize];
        _condition = new float[engine.Config.Language.HiddenSize];
        _negativeCondition = new float[engine.Config.Language.HiddenSize];
    }

    public int Number { get; }

    public override Span<float> Latent => _latent;

    public override Span<float> Condition => _condition;

    public override Span<float> NegativeCondition => _negativeCondition;

    public override float EndLogit => _state % 19 == 0 ? 1 : -1;

    public override int Room => FakeEngine.Capacity - _positions;

    public override ReadOnlySpan<float> TextHidden => _condition;

    public override ReadOnlySpan<float> SpeechHidden => _condition;

    public void ReadText(int[] tokens)
    {
        Use(tokens.Length);
        Array.ForEach(tokens, token => _state = Mix(_state, (uint)token));
    }

    public void Sample()
    {
        Use(0);
        for (var i = 0; i < _latent.Length; i++)
        {
            _latent[i] = (_latent[i] * 0.1f) + Number01(Mix(_state, (uint)i));
        }
    }

    public void FeedBack()
    {
        Use(1);
        Array.ForEach(_latent, number => _state = Mix(_state, BitConverter.SingleToUInt32Bits(number)));
    }

    public void Decode(ReadOnlySpan<float> latents, Span<float> samples)
    {
        Use(0);
        var samplesPerFrame = _engine.Config.Acoustic.SamplesPerFrame;
        samples.Length.ShouldBe(latents.Length / _latent.Length * samplesPerFrame);
        for (var frame = 0; frame < latents.Length / _latent.Length; frame++)
        {
            foreach (var number in latents.Slice(frame * _latent.Length, _latent.Length))
            {
                _sound = Mix(_sound, BitConverter.SingleToUInt32Bits(number));
            }

            for (var i = 0; i < samplesPerFrame; i++)
            {
                samples[(frame * samplesPerFrame) + i] = Number01(_sound + (uint)i);
            }
        }
    }

    public override void Dispose()
    {
        _isDisposed.ShouldBeFalse();
        _isDisposed = true;
        _engine.Close();
    }

    private void Use(int positions)
    {
        _isDisposed.ShouldBeFalse();
        _positions += positions;
        _positions.ShouldBeLessThanOrEqualTo(FakeEngine.Capacity);
    }

    private static uint Mix(uint state, uint number) => unchecked(((state ^ number) * 0x9E3779B1u) + (state >> 13));

    private static float Number01(uint number) => unchecked(number * 0x85EBCA6Bu) / 4294967296f;
}
