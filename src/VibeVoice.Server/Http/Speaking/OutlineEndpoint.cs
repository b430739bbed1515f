using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Speaking;

/// <summary><c>POST /v1/audio/speech/preview-text</c>: what a request for speech would speak, and in which chunks. Takes no slot.</summary>
internal sealed class OutlineEndpoint(SpeechBodyReader reader, ISynthesizer synthesizer, ServerState state)
{
    private static readonly OutlineJson _json = OutlineJson.Create(isIndented: false);

    public async Task HandleAsync(HttpContext http)
    {
        state.EnsureReady();
        var request = (await reader.ReadAsync(http.Request, http.RequestAborted)).Request;
        var outline = await synthesizer.OutlineAsync(request, http.RequestAborted);
        await http.Response.WriteAsJsonAsync(
            OutlineAnswer.Of(outline, request, synthesizer),
            _json.OutlineAnswer,
            cancellationToken: http.RequestAborted
        );
    }
}
