using System.Security.Cryptography;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>Reads the body of a job: that of a request for speech, with a longer text, and nothing about streams.</summary>
internal sealed class JobBodyReader(
    SpeechSettings settings,
    JobOptions options,
    ISynthesizer synthesizer,
    HttpOptions http
)
{
    private readonly SpeechBodyReader _reader = new(
        new SpeechRequestFactory(settings with { MaxTextCharacters = options.MaxTextCharacters }, synthesizer),
        synthesizer,
        http
    );

    /// <returns>What is asked for, and the hash of the body.</returns>
    /// <exception cref="ApiException">As of a request for speech.</exception>
    public async Task<(SpeechBody Body, string Hash)> ReadAsync(
        HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        using var copy = new MemoryStream();
        await request.Body.CopyToAsync(copy, cancellationToken);
        copy.Position = 0;
        request.Body = copy;
        var body = await _reader.ReadAsync(request, cancellationToken);
        return body.IsEventStream
            ? throw ApiException.Rejected([
                SpeechProblem.Of(
                    "stream_format",
                    "is 'sse', but the audio of a job is fetched when it is done; leave it out"
                ),
            ])
            : (body, Convert.ToHexStringLower(SHA256.HashData(copy.GetBuffer().AsSpan(0, (int)copy.Length))));
    }
}
