using System.Runtime.CompilerServices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Preview;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Tests.Http.Page;

/// <summary>The preview voice at the pace of a model, so that there is something to see while it speaks.</summary>
internal sealed class PacedPreview : ISynthesizer
{
    /// <summary>For frames of 133 ms: a real-time factor of 0.6.</summary>
    private static readonly TimeSpan _frame = TimeSpan.FromMilliseconds(80);

    private readonly PreviewSynthesizer _voice = new(new SpeechSettings());

    public string Engine => _voice.Engine;

    public string Model => _voice.Model;

    public int SampleRateHz => _voice.SampleRateHz;

    public VoiceCatalog Voices => _voice.Voices;

    public bool IsDiffusionModel => _voice.IsDiffusionModel;

    public Task LoadAsync(CancellationToken cancellationToken) => _voice.LoadAsync(cancellationToken);

    public Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken) =>
        _voice.OutlineAsync(request, cancellationToken);

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var frame in _voice.SpeakAsync(request, cancellationToken))
        {
            await Task.Delay(_frame, cancellationToken);
            yield return frame;
        }
    }

    public IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        CancellationToken cancellationToken
    ) => _voice.SpeakAsync(request, text, cancellationToken);
}
