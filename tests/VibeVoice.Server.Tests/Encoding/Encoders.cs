using Microsoft.Extensions.Logging.Abstractions;
using Testing;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>Encoders under test and what to ask of them.</summary>
internal static class Encoders
{
    public const string GeneratedBy = "preview (espeak-ng 1.51)";
    public const string Comment = "AI-generated speech by preview (espeak-ng 1.51)";

    public static AudioEncoder Real() => With(RequiredTool.Find("ffmpeg"));

    public static AudioEncoder With(string ffmpegPath) =>
        new(new EncodingOptions { FfmpegPath = ffmpegPath }, NullLogger<AudioEncoder>.Instance);

    public static EncodingRequest Request(
        string format,
        double speed = 1,
        int sampleRateHz = Tone.SampleRateHz,
        bool headCanBeCompleted = false
    ) =>
        new()
        {
            Format = AudioFormat.TryParse(format, out var known)
                ? known
                : throw new ArgumentException(format, nameof(format)),
            SampleRateHz = sampleRateHz,
            Speed = speed,
            GeneratedBy = GeneratedBy,
            HeadCanBeCompleted = headCanBeCompleted,
        };

    /// <summary>The whole file, with its head completed as a buffering receiver would.</summary>
    public static async Task<byte[]> ReadAllAsync(this EncodedAudio audio, CancellationToken cancellationToken)
    {
        var file = new MemoryStream();
        await foreach (var piece in audio.Pieces.WithCancellation(cancellationToken))
        {
            piece.Length.ShouldBeInRange(1, 64 * 1024);
            file.Write(piece.Span);
        }

        var bytes = file.ToArray();
        audio.CompletedHead.Span.CopyTo(bytes);
        return bytes;
    }

    public static Task<byte[]> EncodeAsync(this AudioEncoder encoder, float[] samples, EncodingRequest request) =>
        encoder
            .Encode(Tone.InFrames(samples, request.SampleRateHz), request, TestContext.Current.CancellationToken)
            .ReadAllAsync(TestContext.Current.CancellationToken);
}
