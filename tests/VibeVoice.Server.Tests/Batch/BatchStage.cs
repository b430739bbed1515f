using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Batch;

/// <summary>A book, a fake endpoint, and a folder in which batches are run.</summary>
internal sealed class BatchStage : IAsyncDisposable
{
    public const string Key = "rpa_TEST";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-batch-");
    private readonly FakeLoggerProvider _logs = new();

    private BatchStage(FakeEndpoint endpoint) => Endpoint = endpoint;

    public FakeEndpoint Endpoint { get; }

    public string Folder => _folder.FullName;

    /// <summary>Where the book is written.</summary>
    public string Output => Path.Combine(Folder, "book.flac");

    public string WorkFolder => Path.Combine(Folder, "book.batch");

    public IReadOnlyList<string> Logs => [.. _logs.Collector.GetSnapshot().Select(record => record.Message)];

    public static async Task<BatchStage> StartAsync() => new(await FakeEndpoint.StartAsync());

    /// <summary>Chapters of several parts each, no two alike.</summary>
    public static string Book(string seed = "", int chapters = 2)
    {
        var texts = Enumerable
            .Range(1, chapters)
            .Select(chapter =>
                $"Chapter {chapter}\n\n"
                + string.Concat(
                    Enumerable
                        .Range(1, 4 * chapter)
                        .Select(i => $"This is sentence {i} of chapter {chapter}{seed}, and it goes on for a while. ")
                )
            );
        return string.Join("\n\n", texts);
    }

    public BatchRequest Request(string? book = null) =>
        new()
        {
            Text = book ?? Book(),
            Title = "A book",
            Endpoint = "book",
            Output = Output,
            Format = BookFormat.Of(Output),
            WorkFolder = WorkFolder,
            PartCharacters = 200,
            Template = new JobTemplate(new SpeechInput(), AudioFormat.Wav),
            Options = new BatchOptions(),
        };

    /// <summary>Runs a batch to its end.</summary>
    public async Task<bool> RunAsync(BatchRequest? request = null, CancellationToken? cancellationToken = null)
    {
        using var logs = new LoggerFactory([_logs]);
        var batch = new BookBatch(
            request ?? Request(),
            new EncodingOptions(),
            new EndpointSettings { BaseUrl = Endpoint.BaseUrl, ApiKey = Key },
            new ProgressTerminal(Writer: null),
            TimeProvider.System,
            logs
        );
        return await batch.RunAsync(cancellationToken ?? TestContext.Current.CancellationToken);
    }

    /// <summary>The book, read back from its file, must be the one that was asked for: whole, in order, once.</summary>
    public async Task ShouldBeWholeAsync(BatchRequest? request = null)
    {
        var wanted = (request ?? Request()).Plan().Parts.Select(part => part.Text);
        (await CodedAudio.ReadAsync(Output)).ShouldBe(string.Concat(wanted));
    }

    public async ValueTask DisposeAsync()
    {
        await Endpoint.DisposeAsync();
        _logs.Dispose();
        _folder.Delete(recursive: true);
    }
}
