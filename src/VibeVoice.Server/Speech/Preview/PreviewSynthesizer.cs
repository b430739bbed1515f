using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using CliWrap;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech.Preview;

/// <summary>
/// The preview voice: espeak-ng behind the same interface as the model, so that everything around it can be run and
/// tested on a machine that has no weights. Always asked for by name, never a fallback.
/// </summary>
internal sealed class PreviewSynthesizer(SpeechSettings options) : ISynthesizer
{
    /// <summary>The rate of the published checkpoints, so that answers look the same with either engine.</summary>
    private const int OutputRateHz = 24_000;

    /// <summary>Also theirs: 133 ms.</summary>
    private const int FrameSamples = 3_200;

    private const int WavHeaderLength = 44;

    /// <summary>espeak-ng runs far ahead of any listener; this much unread audio stops it.</summary>
    private const int MaxBufferedBytes = 256 * 1024;

    private readonly ChildProgram _espeak = new(options.EspeakPath, "ESPEAK_PATH");

    public string Engine => "preview";

    public string Model { get; private set; } = "espeak-ng";

    public int SampleRateHz => OutputRateHz;

    public VoiceCatalog Voices => PublishedVoices.Catalog;

    public bool IsDiffusionModel => false;

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var banner = new MemoryStream();
        await RunAsync(["--version"], PipeSource.Null, PipeTarget.ToStream(banner), cancellationToken);
        // "eSpeak NG text-to-speech: 1.51  Data at: …"
        var words = System.Text.Encoding.UTF8.GetString(banner.ToArray()).Split(' ');
        Model = words.FirstOrDefault(word => word is [>= '0' and <= '9', ..]) is { } version
            ? $"espeak-ng {version}"
            : "espeak-ng";
    }

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var from = request.From?.Chunks ?? 0;
        var stretches = SpeechText.Prepare(request.Text, request.Preparation);
        var length = stretches.Sum(stretch => stretch.Text.Length);
        var (spoken, index) = (0, 0);
        foreach (var stretch in stretches)
        {
            foreach (var piece in PreviewText.Split(stretch.Text))
            {
                if (index >= from)
                {
                    var share = (double)spoken / length;
                    var mark = new SpeechMark(new SpeechPosition(index, 0, 0, IsAfterSound: index > 0), []);
                    await foreach (var samples in SpeakPieceAsync(piece, request.Voice, cancellationToken))
                    {
                        yield return new SpokenFrame(new AudioFrame(samples, OutputRateHz), share) { Mark = mark };
                        mark = null;
                    }
                }

                spoken += piece.Length;
                index++;
            }

            // A pause belongs to the piece before it, and one at the beginning to the first.
            foreach (var silence in index > from || from == 0 ? Silence(stretch) : [])
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new SpokenFrame(new AudioFrame(silence, OutputRateHz), (double)spoken / length);
            }
        }

        yield return new SpokenFrame(new AudioFrame(ReadOnlyMemory<float>.Empty, OutputRateHz), 1);
    }

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var sentences = new SentenceCutter();
        await foreach (var stretch in SpeechText.PrepareAsync(text, request.Preparation, cancellationToken))
        {
            var ended = stretch.Pause > TimeSpan.Zero ? sentences.Finish() : sentences.Append(stretch.Text);
            foreach (var sentence in ended)
            {
                await foreach (var samples in SpeakPieceAsync(sentence, request.Voice, cancellationToken))
                {
                    yield return new SpokenFrame(new AudioFrame(samples, OutputRateHz), 0);
                }
            }

            foreach (var silence in Silence(stretch))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new SpokenFrame(new AudioFrame(silence, OutputRateHz), 0);
            }
        }

        foreach (var sentence in sentences.Finish())
        {
            await foreach (var samples in SpeakPieceAsync(sentence, request.Voice, cancellationToken))
            {
                yield return new SpokenFrame(new AudioFrame(samples, OutputRateHz), 0);
            }
        }
    }

    public Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken)
    {
        var stretches = SpeechText.Prepare(request.Text, request.Preparation);
        var leading = stretches[0] is { Text: "" } first ? first.Pause.TotalSeconds : 0;
        return Task.FromResult(new SpeechOutline(leading, [.. stretches.SelectMany(Outline)]));
    }

    private static IEnumerable<OutlinedChunk> Outline(TextStretch stretch)
    {
        string[] pieces = [.. PreviewText.Split(stretch.Text)];
        var end = stretch.Pause > TimeSpan.Zero ? ChunkBoundary.Pause : ChunkBoundary.TextEnd;
        return pieces.Select(
            (piece, i) =>
                i < pieces.Length - 1
                    ? new OutlinedChunk(piece, null, ChunkBoundary.Sentence, 0, null)
                    : new OutlinedChunk(piece, null, end, stretch.Pause.TotalSeconds, null)
        );
    }

    /// <summary>The pause after a stretch, to the sample, in frames.</summary>
    private static IEnumerable<ReadOnlyMemory<float>> Silence(TextStretch stretch)
    {
        var left = stretch.CountPauseSamples(OutputRateHz);
        for (var zeros = new float[Math.Min(left, FrameSamples)]; left > 0; left -= FrameSamples)
        {
            yield return zeros.AsMemory(0, (int)Math.Min(left, FrameSamples));
        }
    }

    /// <summary>One child process: text in, frames of the output rate out.</summary>
    private async IAsyncEnumerable<ReadOnlyMemory<float>> SpeakPieceAsync(
        string piece,
        VoiceInfo voice,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: MaxBufferedBytes, useSynchronizationContext: false));
        var speaking = SpeakIntoAsync(piece, voice, pipe.Writer, stop.Token);
        try
        {
            var resampler = new Resampler(await ReadHeaderAsync(pipe.Reader, cancellationToken), OutputRateHz);
            var frames = new FrameCutter(FrameSamples);
            await foreach (var samples in ReadSamplesAsync(pipe.Reader, cancellationToken))
            {
                frames.Add(resampler.Process(samples.Span));
                while (frames.TryTake(out var frame))
                {
                    yield return frame;
                }
            }

            frames.Add(resampler.Flush());
            yield return frames.TakeRest();
        }
        finally
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await speaking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Runs espeak-ng into the pipe; a failure is handed to the pipe's reader.</summary>
    private async Task SpeakIntoAsync(
        string piece,
        VoiceInfo voice,
        PipeWriter output,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // On standard input, never as an argument: text that begins with a dash is an option there.
            var text = PipeSource.FromString(PreviewText.Escape(piece), System.Text.Encoding.UTF8);
            var target = PipeTarget.ToStream(output.AsStream(leaveOpen: true));
            string[] arguments = ["-b", "1", "--stdin", "--stdout", "-v", PreviewVoices.EspeakName(voice)];
            await RunAsync(arguments, text, target, cancellationToken);
            await output.CompleteAsync();
        }
#pragma warning disable CA1031 // A hand-over between tasks: the reader throws it again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await output.CompleteAsync(exception);
        }
    }

    private static async Task<int> ReadHeaderAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var result = await input.ReadAtLeastAsync(WavHeaderLength, cancellationToken);
        if (result.Buffer.Length < WavHeaderLength)
        {
            throw new SpeechFailedException(
                "espeak-ng ended without any audio; run 'espeak-ng --stdout hello' to see why."
            );
        }

        // Its sizes are false, its rate is not.
        var rate = ReadRate(result.Buffer.Slice(24, sizeof(int)));
        input.AdvanceTo(result.Buffer.GetPosition(WavHeaderLength));
        return rate;

        static int ReadRate(System.Buffers.ReadOnlySequence<byte> bytes)
        {
            Span<byte> value = stackalloc byte[sizeof(int)];
            System.Buffers.BuffersExtensions.CopyTo(bytes, value);
            return BinaryPrimitives.ReadInt32LittleEndian(value);
        }
    }

    /// <summary>16-bit samples as floats; each run is valid until the next is asked for.</summary>
    private static async IAsyncEnumerable<ReadOnlyMemory<float>> ReadSamplesAsync(
        PipeReader input,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var samples = new float[FrameSamples];
        var bytes = new byte[FrameSamples * sizeof(short)];
        while (true)
        {
            var result = await input.ReadAtLeastAsync(sizeof(short), cancellationToken);
            var count = (int)Math.Min(bytes.Length, result.Buffer.Length) / sizeof(short);
            if (count == 0)
            {
                yield break;
            }

            var read = result.Buffer.Slice(0, count * sizeof(short));
            System.Buffers.BuffersExtensions.CopyTo(read, bytes);
            input.AdvanceTo(read.End);
            for (var i = 0; i < count; i++)
            {
                samples[i] = BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(i * sizeof(short))) / 32768f;
            }

            yield return samples.AsMemory(0, count);
        }
    }

    private async Task RunAsync(
        IEnumerable<string> arguments,
        PipeSource input,
        PipeTarget output,
        CancellationToken cancellationToken
    )
    {
        var lastWords = new LastWords();
        var command = _espeak
            .With(arguments)
            .WithStandardInputPipe(input)
            .WithStandardOutputPipe(output)
            .WithStandardErrorPipe(lastWords.Target);
        var exitCode = await _espeak.RunAsync(command, cancellationToken);
        if (exitCode != 0)
        {
            throw _espeak.Failure(exitCode, lastWords);
        }
    }
}
