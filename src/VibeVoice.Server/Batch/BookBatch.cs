using VibeVoice.Server.Commands;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;
using static System.FormattableString;

namespace VibeVoice.Server.Batch;

/// <summary>From a book to its file: everything is checked before the first job is paid for, and remembered from then on.</summary>
internal sealed partial class BookBatch(
    BatchRequest request,
    EncodingOptions encoding,
    EndpointSettings settings,
    ProgressTerminal terminal,
    TimeProvider timeProvider,
    ILoggerFactory logs
)
{
    private readonly ILogger<BookBatch> _logger = logs.CreateLogger<BookBatch>();

    /// <returns>False where parts failed for good; nothing is published then.</returns>
    /// <exception cref="JobRejectedException">The book, the output or the work folder is not what it must be.</exception>
    /// <exception cref="SpeechFailedException">The endpoint, a tool or the disk fails.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        EnsureOutput();
        var plan = request.Plan();
        using var client = new EndpointClient(
            settings,
            request.Endpoint,
            timeProvider,
            logs.CreateLogger<EndpointRetry>()
        );
        await new AudioEncoder(encoding, logs.CreateLogger<AudioEncoder>()).CheckAsync(cancellationToken);
        await using var folder = await WorkFolder.OpenAsync(
            request.WorkFolder,
            request.Manifest(plan, client.Url),
            request.IsForced,
            timeProvider,
            cancellationToken
        );
        var reader = new AudioFileReader(encoding);
        await SpeakAsync(plan, folder, client, reader, cancellationToken);
        var failed = plan.Jobs.Where(part => folder.Get(part).State == PartState.Failed).ToList();
        foreach (var part in failed)
        {
            Log.Failed(_logger, part.Name, folder.Get(part).Error);
        }

        if (failed.Count > 0)
        {
            Log.NotWritten(_logger, failed.Count, request.Output);
            return false;
        }

        await WriteAsync(new BookWriter(plan, folder, reader, encoding), plan, cancellationToken);
        Warn(plan, folder);
        return true;
    }

    private async Task SpeakAsync(
        BatchPlan plan,
        WorkFolder folder,
        EndpointClient client,
        AudioFileReader reader,
        CancellationToken cancellationToken
    )
    {
        var fetcher = new PartFetcher(client, folder, reader, request.Template);
        var runner = new PartRunner(
            client,
            folder,
            fetcher,
            request.Template,
            request.Options,
            timeProvider,
            logs.CreateLogger<PartRunner>()
        );
        var run = new BatchRun(plan, folder, runner, client, request.Options, logs.CreateLogger<BatchRun>());
        var progress = new BatchProgress(plan, folder, terminal, logs.CreateLogger<BatchProgress>(), timeProvider);
        try
        {
            await using (progress)
            {
                await run.RunAsync(cancellationToken);
            }

            Log.Progress(_logger, progress.ToString());
        }
        catch (OperationCanceledException)
        {
            Log.Stopped(_logger, progress.ToString());
            throw;
        }
    }

    private async Task WriteAsync(BookWriter writer, BatchPlan plan, CancellationToken cancellationToken)
    {
        await writer.WriteAsync(
            request.Output,
            request.Format,
            request.Title,
            request.Author,
            share => terminal.Writer?.Write(Invariant($"{ProgressTerminal.ClearLine}Encoding… {share:P0}")),
            cancellationToken
        );
        terminal.Writer?.Write(ProgressTerminal.ClearLine);
        var duration = TimeSpan.FromSeconds((double)writer.Samples / PartFetcher.SampleRateHz);
        Log.Written(
            _logger,
            request.Output,
            Models.DownloadProgress.Describe(duration),
            plan.Chapters.Count,
            new FileInfo(request.Output).Length,
            request.WorkFolder
        );
    }

    private void Warn(BatchPlan plan, WorkFolder folder)
    {
        var warnings = plan
            .Jobs.SelectMany(part => folder.Get(part).Audio!.Warnings.Select(warning => (part, warning)))
            .GroupBy(found => found.warning, found => found.part, StringComparer.Ordinal);
        foreach (var parts in warnings)
        {
            Log.Warning(_logger, parts.Key, parts.Count(), parts.First().Name);
        }
    }

    private void EnsureOutput()
    {
        var target = Path.GetFullPath(request.Output);
        OutputFile.ThrowIfFolder(request.Output, target);
        OutputFile.FolderOf(request.Output, target);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Line}.")]
        public static partial void Progress(ILogger logger, string line);

        [LoggerMessage(
            LogLevel.Warning,
            "Stopped: {Line}. The same command goes on from here, and picks up the jobs that run."
        )]
        public static partial void Stopped(ILogger logger, string line);

        [LoggerMessage(LogLevel.Error, "{Part} failed: {Reason}")]
        public static partial void Failed(ILogger logger, string part, string? reason);

        [LoggerMessage(
            LogLevel.Error,
            "{Count} part(s) are missing, so '{Output}' was not written. The same command tries them again."
        )]
        public static partial void NotWritten(ILogger logger, int count, string output);

        [LoggerMessage(LogLevel.Warning, "{Warning} ({Count} part(s), first {Part})")]
        public static partial void Warning(ILogger logger, string warning, int count, string part);

        [LoggerMessage(
            LogLevel.Information,
            "Wrote {Output}: {Duration} in {Chapters} chapter(s), {Bytes} bytes. The parts are kept in '{Folder}' until you delete it."
        )]
        public static partial void Written(
            ILogger logger,
            string output,
            string duration,
            int chapters,
            long bytes,
            string folder
        );
    }
}
