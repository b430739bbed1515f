using VibeVoice.Text;

namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>A model around a <see cref="FakeEngine"/>: all but the arithmetic is the real one.</summary>
internal sealed class FakeModel : IDisposable
{
    private static readonly TextTokenizer _tokenizer = TextTokenizer.Load(GoldenFiles.Tiny);

    public FakeModel(int slots = 4, int mostWaiting = 256)
    {
        var options = new ModelOptions { Slots = slots, MostWaiting = mostWaiting };
        Model = new VibeVoiceModel(
            Engine,
            _tokenizer,
            DeviceChoice.Make(ModelDevice.Cpu),
            ModelPrecision.Float32,
            options
        );
        Voice = Model.LoadVoice(GoldenFiles.TinyVoice);
    }

    public FakeEngine Engine { get; } = new();

    public VibeVoiceModel Model { get; }

    public ModelVoice Voice { get; }

    public Speech Speak(string text, ulong seed = 1, int together = 1) =>
        SpeakUntil(text, seed, together, TestContext.Current.CancellationToken);

    public Speech SpeakUntil(string text, ulong seed, int together, CancellationToken cancellationToken) =>
        Model.SpeakAsync(
            text,
            Voice,
            new SpeakOptions { Seed = seed, FramesPerHandOver = together },
            cancellationToken
        );

    public void Dispose() => Model.Dispose();
}
