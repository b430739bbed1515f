using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace VibeVoice.Extensions.AI;

/// <summary>A loaded model and its voices as the text-to-speech client of Microsoft.Extensions.AI.</summary>
/// <remarks>
/// <para>
/// Thread-safe: requests made at once are computed together, as those of <see cref="VibeVoiceModel"/> are, and the
/// options given are never changed. The model belongs to whoever loaded it and is not disposed with the client: a disposed
/// client only takes no further requests.
/// </para>
/// <para>
/// What the model cannot do is refused, not ignored: a <see cref="TextToSpeechOptions.Speed"/>,
/// <see cref="TextToSpeechOptions.Pitch"/> or <see cref="TextToSpeechOptions.Volume"/> other than 1, a
/// <see cref="TextToSpeechOptions.Language"/> (the voice and the text decide it), and formats other than <c>wav</c>, the
/// default, and <c>pcm</c> (16-bit little-endian mono; <c>sample_rate_hz</c> is in the answer). Numbers named
/// <c>seed</c>, <c>guidance</c> and <c>steps</c> in <see cref="TextToSpeechOptions.AdditionalProperties"/> are those of
/// <see cref="SpeakOptions"/>; a <see cref="TextToSpeechOptions.RawRepresentationFactory"/> may give a whole one.
/// </para>
/// </remarks>
[Experimental("MEAI001")]
public sealed class VibeVoiceTextToSpeechClient : ITextToSpeechClient
{
    private readonly VibeVoiceModel _model;
    private readonly RequestReader _reader;
    private readonly TextToSpeechClientMetadata _metadata;
    private bool _isDisposed;

    /// <summary>Speaks with a model.</summary>
    /// <param name="model">Outlives the client.</param>
    /// <param name="voices">Loaded by this model, each under a name of its own; the first speaks where a request names none.</param>
    /// <param name="modelId">What answers name as their model, such as <c>VibeVoice-Realtime-0.5B</c>.</param>
    /// <exception cref="ArgumentException">There is no voice, or two have one name.</exception>
    public VibeVoiceTextToSpeechClient(VibeVoiceModel model, IReadOnlyList<ModelVoice> voices, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(voices);
        _model = model;
        _reader = new RequestReader(this, voices, modelId);
        _metadata = new TextToSpeechClientMetadata("vibevoice", providerUri: null, modelId);
    }

    /// <summary>Speaks a text, and answers when all of it is spoken.</summary>
    /// <param name="text">What to say.</param>
    /// <param name="options">See the remarks on the type.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <returns>The audio as one content, the usage, and what <see cref="SpeakReport"/> tells.</returns>
    /// <exception cref="ArgumentException">
    /// The text is empty, the voice or the model is another's, or a number makes no sense.
    /// </exception>
    /// <exception cref="NotSupportedException">An option asks for what the model cannot do.</exception>
    /// <exception cref="ObjectDisposedException">The client or its model was disposed.</exception>
    public async Task<TextToSpeechResponse> GetAudioAsync(
        string text,
        TextToSpeechOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var request = Read(text, options);
        var speech = _model.SpeakAsync(text, request.Voice, request.Options, cancellationToken);
        var audio = await speech.ToAudioAsync(cancellationToken).ConfigureAwait(false);
        var bytes = request.Format.Encode(audio, isWhole: true);
        return new TextToSpeechResponse([new DataContent(bytes, request.Format.MediaType)])
        {
            ResponseId = request.Id,
            ModelId = _metadata.DefaultModelId,
            Usage = SpeechFacts.Usage(speech.Report),
            AdditionalProperties = SpeechFacts.Of(speech.Report, request, _model.SampleRateHz),
            RawRepresentation = speech.Report,
        };
    }

    /// <summary>Speaks a text, and hands out each frame before the next is computed.</summary>
    /// <param name="text">What to say.</param>
    /// <param name="options">See the remarks on the type.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <returns>
    /// Pieces of one file, to be joined in order, then an update of kind
    /// <see cref="TextToSpeechResponseUpdateKind.SessionClose"/> with the usage and what <see cref="SpeakReport"/> tells. A
    /// wav file that is streamed says in its head that its length is unknown; all else equals the one-shot answer.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The text is empty, the voice or the model is another's, or a number makes no sense.
    /// </exception>
    /// <exception cref="NotSupportedException">An option asks for what the model cannot do.</exception>
    /// <exception cref="ObjectDisposedException">The client or its model was disposed.</exception>
    public IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text,
        TextToSpeechOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var request = Read(text, options); // here, not on the first read: a wrong option is the caller's line, not the reader's
        var speech = _model.SpeakAsync(text, request.Voice, request.Options, cancellationToken);
        return StreamAsync(speech, request, cancellationToken);
    }

    /// <summary>Finds what the client is made of.</summary>
    /// <param name="serviceType">
    /// <see cref="TextToSpeechClientMetadata"/>, <see cref="VibeVoiceModel"/>, or the client's own type or interface.
    /// </param>
    /// <param name="serviceKey">There is nothing under a key.</param>
    /// <returns>The object, or null.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        object[] services = serviceKey is null ? [this, _metadata, _model] : [];
        return Array.Find(services, serviceType.IsInstanceOfType);
    }

    /// <summary>Takes no further requests. The model is left alone; see the remarks on the type.</summary>
    public void Dispose() => Volatile.Write(ref _isDisposed, true);

    private SpeechRequest Read(string text, TextToSpeechOptions? options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), this);
        return _reader.Read(options);
    }

    private async IAsyncEnumerable<TextToSpeechResponseUpdate> StreamAsync(
        Speech speech,
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var isFirst = true;
        await foreach (var frame in speech.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var bytes = request.Format.Encode(frame, isFirst ? false : null);
            isFirst = false;
            yield return Update(
                TextToSpeechResponseUpdateKind.AudioUpdating,
                new DataContent(bytes, request.Format.MediaType),
                new AdditionalPropertiesDictionary { [SpeechFacts.SampleRate] = frame.SampleRateHz }
            );
        }

        var last = Update(
            TextToSpeechResponseUpdateKind.SessionClose,
            new UsageContent(SpeechFacts.Usage(speech.Report)),
            SpeechFacts.Of(speech.Report, request, _model.SampleRateHz)
        );
        last.RawRepresentation = speech.Report;
        yield return last;

        TextToSpeechResponseUpdate Update(
            TextToSpeechResponseUpdateKind kind,
            AIContent content,
            AdditionalPropertiesDictionary facts
        ) =>
            new([content])
            {
                Kind = kind,
                ResponseId = request.Id,
                ModelId = _metadata.DefaultModelId,
                AdditionalProperties = facts,
            };
    }
}
