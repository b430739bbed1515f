using System.Runtime.CompilerServices;
using CliWrap;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>Turns the samples of one response into the bytes of one file, as they are made.</summary>
/// <remarks>Safe to use from many threads; every response has its own child.</remarks>
internal sealed partial class AudioEncoder(EncodingOptions options, ILogger<AudioEncoder> logger)
{
    private readonly ChildProgram _ffmpeg = new(options.FfmpegPath, EncodingOptions.FfmpegSetting);

    /// <summary>Begins a file. Nothing runs before its pieces are enumerated.</summary>
    /// <param name="frames">Mono float32 frames at the request's sample rate; enumerated once and disposed.</param>
    /// <param name="request">Format, sample rate, tempo and tag.</param>
    /// <param name="cancellationToken">Ends the enumeration and kills the child.</param>
    /// <exception cref="ArgumentOutOfRangeException">The speed is not between 0.25 and 4.</exception>
    public EncodedAudio Encode(
        IAsyncEnumerable<AudioFrame> frames,
        EncodingRequest request,
        CancellationToken cancellationToken
    )
    {
        if (request.Speed is not (>= 0.25 and <= 4))
        {
            throw new ArgumentOutOfRangeException(nameof(request), request.Speed, "The speed must be 0.25 to 4.");
        }

        EncodedAudio? audio = null;
        var samples = 0L;
        var given = frames.CheckAsync(request.SampleRateHz, count => samples += count, CancellationToken.None);
        var pieces = SamplesOrFileAsync(given, request);
        if (request.Format == AudioFormat.Wav)
        {
            pieces = WavPieces.PiecesAsync(
                pieces,
                request,
                head => audio!.CompletedHead = head,
                CancellationToken.None
            );
        }

        // At another tempo ffmpeg alone knows how many samples it wrote.
        if (request.Format == AudioFormat.Flac && request.HeadCanBeCompleted && request.Speed == 1)
        {
            pieces = FlacHead.PiecesAsync(
                pieces,
                () => samples,
                head => audio!.CompletedHead = head,
                CancellationToken.None
            );
        }

        audio = new EncodedAudio(PiecesAsync(pieces, request, cancellationToken));
        return audio;
    }

    /// <summary>Looks, once at the start, whether ffmpeg is there and can do what will be asked of it.</summary>
    /// <returns>Its version: "5.1.9-0+deb12u1".</returns>
    /// <exception cref="SpeechFailedException">It is missing, does not run, or lacks an encoder.</exception>
    public async Task<string> CheckAsync(CancellationToken cancellationToken)
    {
        // Both at once: ffmpeg takes its fifty milliseconds only to load its libraries.
        var answers = await Task.WhenAll(
            AskAsync("-version", cancellationToken),
            AskAsync("-encoders", cancellationToken)
        );
        // "ffmpeg version 5.1.9-0+deb12u1 Copyright (c) …"
        var version = answers[0].Split(' ', '\n') is ["ffmpeg", "version", var text, ..]
            ? text
            : throw new SpeechFailedException(
                $"'{options.FfmpegPath}' ran but did not answer as ffmpeg does. Set FFMPEG_PATH to the real one."
            );

        // " A....D libmp3lame           libmp3lame MP3 (MPEG audio layer 3) (codec mp3)"
        var known = answers[1]
            .Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1 && words[0].StartsWith('A'))
            .Select(words => words[1])
            .ToHashSet(StringComparer.Ordinal);
        var missing = FfmpegArguments.Encoders.Where(encoder => !known.Contains(encoder)).ToList();
        if (missing.Count > 0)
        {
            throw new SpeechFailedException(
                $"'{options.FfmpegPath}' {version} lacks the encoders {string.Join(", ", missing)}. "
                    + "Install a complete build (the distribution's package is one), or set FFMPEG_PATH to it."
            );
        }

        Log.Found(logger, options.FfmpegPath, version);
        return version;
    }

    private IAsyncEnumerable<ReadOnlyMemory<byte>> SamplesOrFileAsync(
        IAsyncEnumerable<AudioFrame> frames,
        EncodingRequest request
    ) =>
        request.Speed == 1 && (request.Format == AudioFormat.Pcm || request.Format == AudioFormat.Wav)
            ? PcmPieces.PiecesAsync(frames, CancellationToken.None)
            : new FfmpegRun(_ffmpeg, FfmpegArguments.For(request, options), frames).PiecesAsync(CancellationToken.None);

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pieces,
        EncodingRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var bytes = 0L;
        await foreach (var piece in pieces.WithCancellation(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes += piece.Length;
            yield return piece;
        }

        Log.Encoded(logger, bytes, request.Format);
    }

    private async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        var answer = new System.Text.StringBuilder();
        var lastWords = new LastWords();
        var command = _ffmpeg
            .With(["-hide_banner", "-nostdin", question])
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(answer))
            .WithStandardErrorPipe(lastWords.Target);
        var exitCode = await _ffmpeg.RunAsync(command, cancellationToken);
        return exitCode == 0 ? answer.ToString() : throw _ffmpeg.Failure(exitCode, lastWords);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Encoding by '{Path}', version {Version}.")]
        public static partial void Found(ILogger logger, string path, string version);

        [LoggerMessage(2, LogLevel.Debug, "Encoded {Bytes} bytes of {Format}.")]
        public static partial void Encoded(ILogger logger, long bytes, AudioFormat format);
    }
}
