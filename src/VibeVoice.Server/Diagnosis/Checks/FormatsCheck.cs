using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>
/// Makes a short file of each format at another tempo: that asks ffmpeg for everything that jobs ask it for, the reading of
/// raw samples, filter, encoders and containers.
/// </summary>
internal sealed class FormatsCheck(AudioEncoder encoder) : ICheck
{
    private const int SampleRateHz = 24_000;
    private const double Tempo = 1.25;

    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var failures = await Task.WhenAll(AudioFormat.All.Select(format => FailureOfAsync(format, cancellationToken)));
        return failures.OfType<string>().ToList() is { Count: > 0 } problems
            ? CheckResult.Problem(
                $"{string.Join(' ', problems)} Install a complete ffmpeg (the distribution's package is one), or set FFMPEG_PATH to it."
            )
            : CheckResult.Ok($"A short file was made of each: {AudioFormat.Names}.");
    }

    private async Task<string?> FailureOfAsync(AudioFormat format, CancellationToken cancellationToken)
    {
        var request = new EncodingRequest
        {
            Format = format,
            SampleRateHz = SampleRateHz,
            Speed = Tempo,
            GeneratedBy = "vibevoice doctor",
        };
        var bytes = 0L;
        try
        {
            await foreach (var piece in encoder.Encode(SilenceAsync(), request, cancellationToken).Pieces)
            {
                bytes += piece.Length;
            }
        }
        catch (SpeechFailedException exception)
        {
            return $"{format.Name} cannot be made: {exception.Message}";
        }

        return bytes > 0 ? null : $"{format.Name} cannot be made: ffmpeg wrote nothing.";
    }

    private static async IAsyncEnumerable<AudioFrame> SilenceAsync()
    {
        yield return await Task.FromResult(new AudioFrame(new float[SampleRateHz / 2], SampleRateHz));
    }
}
