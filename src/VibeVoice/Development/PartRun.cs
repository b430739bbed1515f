using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Development;

/// <summary>Every part of an engine, fed with the reference's numbers: what one part gets wrong reaches no other.</summary>
/// <remarks>
/// Four streams side by side. One is fed with the reference's latents, and decodes them; one samples with the reference's
/// conditions; one samples with the conditions of the first; one runs free, fed by nothing.
/// </remarks>
internal sealed class PartRun : IDisposable
{
    public const string Conditions = "conditions";
    public const string Latents = "latents";
    public const string Audio = "audio of exact latents";
    public const string AudioOfLatents = "audio of its latents";
    public const string AudioOfAll = "audio of its latents of its conditions";
    public const string FreeLatents = "free-running latents";
    public const string FreeAudio = "free-running audio";

    private readonly SpeechEngine _engine;
    private readonly PrecisionReference _reference;
    private readonly EngineStream _led;
    private readonly EngineStream _sampled;
    private readonly EngineStream _own;
    private readonly EngineStream _free;
    private readonly Dictionary<string, SignalToNoise> _errors;

    public PartRun(SpeechEngine engine, VoicePreset voice, PrecisionReference reference)
    {
        _engine = engine;
        _reference = reference;
        _errors = Quantities.ToDictionary(name => name, name => new SignalToNoise(name), StringComparer.Ordinal);
        _led = engine.Open(voice, reference.Options);
        _sampled = engine.Open(voice, reference.Options);
        _own = engine.Open(voice, reference.Options);
        _free = engine.Open(voice, reference.Options);
    }

    /// <summary>In the order in which they are computed.</summary>
    public static IReadOnlyList<string> Quantities { get; } =
    [Conditions, Latents, Audio, AudioOfLatents, AudioOfAll, FreeLatents, FreeAudio];

    public IReadOnlyList<PrecisionError> Run(CancellationToken cancellationToken)
    {
        for (var frame = 0; frame < _reference.Frames; frame++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadText(frame);
            Sample(frame);
            Decode(frame);
            _reference.Latent(frame).CopyTo(_led.Latent);
            _engine.FeedBack([_led, _free]);
        }

        return [.. Quantities.Select(name => _errors[name].Finish())];
    }

    public void Dispose()
    {
        _led.Dispose();
        _sampled.Dispose();
        _own.Dispose();
        _free.Dispose();
    }

    private void ReadText(int frame)
    {
        var window = _reference.Window(frame);
        if (window.Length + 1 > _led.Room)
        {
            throw new ModelFormatException(
                $"The model's context is full after {frame} frames, but {_reference.Frames} were asked for. Ask for fewer."
            );
        }

        if (!window.IsEmpty)
        {
            _engine.ReadText(_led, window);
            _engine.ReadText(_free, window);
        }

        float[] conditions = [.. _led.Condition, .. _led.NegativeCondition];
        _errors[Conditions].Add(conditions, _reference.Condition(frame));
    }

    private void Sample(int frame)
    {
        var width = _led.Condition.Length;
        _reference.Condition(frame)[..width].CopyTo(_sampled.Condition);
        _reference.Condition(frame)[width..].CopyTo(_sampled.NegativeCondition);
        _led.Condition.CopyTo(_own.Condition);
        _led.NegativeCondition.CopyTo(_own.NegativeCondition);
        EngineStream[] streams = [_sampled, _own, _free];
        foreach (var stream in streams)
        {
            _reference.FillNoise(frame, stream.Latent);
        }

        _engine.Sample(streams);
        _errors[Latents].Add(_sampled.Latent, _reference.Latent(frame));
        _errors[FreeLatents].Add(_free.Latent, _reference.Latent(frame));
    }

    private void Decode(int frame)
    {
        var expected = _reference.Audio(frame);
        DecoderWork[] work =
        [
            new(_led, _reference.Latent(frame), new float[expected.Length]),
            new(_sampled, _sampled.Latent.ToArray(), new float[expected.Length]),
            new(_own, _own.Latent.ToArray(), new float[expected.Length]),
            new(_free, _free.Latent.ToArray(), new float[expected.Length]),
        ];
        _engine.Decode(work);
        string[] names = [Audio, AudioOfLatents, AudioOfAll, FreeAudio];
        for (var i = 0; i < work.Length; i++)
        {
            _errors[names[i]].Add(work[i].Samples.Span, expected);
        }
    }
}
