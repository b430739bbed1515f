using System.Runtime.CompilerServices;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>Joins the parts of a finished batch in order and encodes them once: a stream from file to file.</summary>
internal sealed class BookWriter(BatchPlan plan, WorkFolder folder, AudioFileReader reader, EncodingOptions options)
{
    /// <summary>Silence between two chapters.</summary>
    public static readonly TimeSpan ChapterPause = TimeSpan.FromSeconds(1.5);

    private static readonly LongTextOptions Joints = new();

    /// <summary>Samples of the whole book, its silences included.</summary>
    public long Samples => plan.Parts.Select((part, i) => AudioOf(part).Samples + PauseAfter(i)).Sum();

    /// <summary>Writes the book; the file appears under its name when it is whole.</summary>
    /// <param name="path">In a folder that exists.</param>
    /// <param name="format">Of the file.</param>
    /// <param name="title">Of the book.</param>
    /// <param name="author">Null where it was not told.</param>
    /// <param name="progress">Told the share that is encoded, 0 to 1.</param>
    /// <param name="cancellationToken">Gives it up, and leaves nothing.</param>
    /// <exception cref="SpeechFailedException">A part changed on the disk, the disk is full, or ffmpeg failed.</exception>
    public async Task WriteAsync(
        string path,
        BookFormat format,
        string title,
        string? author,
        Action<double> progress,
        CancellationToken cancellationToken
    )
    {
        var target = Path.GetFullPath(path);
        // One name for all runs: what a killed one left is written over by the next.
        var part = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.part");
        var tagsFile = $"{part}.tags";
        var generatedBy = plan.Jobs.Select(job => AudioOf(job).GeneratedBy).Distinct(StringComparer.Ordinal);
        var tags = new BookTags(title, author, string.Join(", ", generatedBy));
        var chapters = Chapters();
        try
        {
            await File.WriteAllTextAsync(
                tagsFile,
                tags.Write(chapters, Samples, PartFetcher.SampleRateHz, format.HasChapterComments),
                cancellationToken
            );
            var arguments = FfmpegArguments.ForFile(
                PartFetcher.SampleRateHz,
                tagsFile,
                format.Codec,
                format.Container,
                part,
                options
            );
            var ffmpeg = new ChildProgram(options.FfmpegPath, "FFMPEG_PATH");
            await new FfmpegRun(ffmpeg, arguments, FramesAsync(progress, cancellationToken)).WriteFileAsync(
                cancellationToken
            );
            await using (var file = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
            {
                file.Flush(flushToDisk: true);
            }

            File.Move(part, target, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpeechFailedException($"'{path}' cannot be written: {exception.Message}", exception);
        }
        finally
        {
            File.Delete(part);
            File.Delete(tagsFile);
        }
    }

    private List<(string Title, long Start)> Chapters()
    {
        var chapters = new List<(string, long)>();
        var position = 0L;
        for (var i = 0; i < plan.Parts.Count; i++)
        {
            var part = plan.Parts[i];
            if (i == 0 || part.Chapter != plan.Parts[i - 1].Chapter)
            {
                chapters.Add((plan.Chapters[part.Chapter].Title, position));
            }

            position += AudioOf(part).Samples + PauseAfter(i);
        }

        return chapters;
    }

    private async IAsyncEnumerable<AudioFrame> FramesAsync(
        Action<double> progress,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (all, written) = ((double)Samples, 0L);
        for (var i = 0; i < plan.Parts.Count; i++)
        {
            var audio = AudioOf(plan.Parts[i]);
            var samples = 0L;
            await foreach (
                var frame in reader.ReadAsync(folder.PathOf(audio), PartFetcher.SampleRateHz, cancellationToken)
            )
            {
                samples += frame.Samples.Length;
                yield return frame;
            }

            if (samples != audio.Samples)
            {
                throw new SpeechFailedException(
                    $"The file '{audio.File}' of {plan.Parts[i].Name} changed while the book was written; run the command again."
                );
            }

            var pause = PauseAfter(i);
            yield return new AudioFrame(new float[pause], PartFetcher.SampleRateHz);
            written += samples + pause;
            progress(written / all);
        }
    }

    private PartAudio AudioOf(BookPart part) =>
        folder.Get(part).Audio ?? throw new InvalidOperationException($"The audio of {part.Name} is missing.");

    /// <summary>Samples of silence after a part: what the engine would put there, and more between chapters.</summary>
    private int PauseAfter(int index)
    {
        if (index + 1 == plan.Parts.Count)
        {
            return 0;
        }

        var pause =
            plan.Parts[index + 1].Chapter != plan.Parts[index].Chapter
                ? ChapterPause
                : plan.Parts[index].End switch
                {
                    ChunkBoundary.Paragraph => Joints.ParagraphPause,
                    ChunkBoundary.Sentence => Joints.SentencePause,
                    ChunkBoundary.Clause => Joints.ClausePause,
                    _ => TimeSpan.Zero,
                };
        return (int)(pause.TotalSeconds * PartFetcher.SampleRateHz);
    }
}
