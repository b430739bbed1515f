using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using RunPod.Worker;
using Testing;
using Testing.RunPod;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Queue.OpenAi;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Queue;

/// <summary>The handler with everything real around it but the engine, run by one job or serving a queue.</summary>
internal sealed class QueueStage : IAsyncDisposable
{
    private readonly Lazy<SpeakHandler> _handler;
    private readonly ILoggerFactory _loggerFactory;
    private readonly CancellationTokenSource _stopping = new();
    private DeliverySelector? _deliveries;
    private Task<int>? _serving;

    public QueueStage()
    {
        Logs = FakeLogCollector.Create(
            new FakeLogCollectorOptions { OutputSink = line => OnLog?.Invoke(line), OutputFormatter = r => r.Message }
        );
        _loggerFactory = LoggerFactory.Create(builder =>
            builder.SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(Logs))
        );
        _handler = new Lazy<SpeakHandler>(CreateHandler);
    }

    public ISynthesizer Synthesizer { get; init; } = new FakeSynthesizer();

    public DeliveryOptions Delivery { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public FakeLogCollector Logs { get; }

    /// <summary>Sees every line before the code that logged it goes on.</summary>
    public Action<string>? OnLog { get; init; }

    /// <summary>Everything that was logged, as the most talkative of logs would show it.</summary>
    public string LogText => string.Join('\n', Logs.GetSnapshot().Select(Describe));

    /// <summary>The settings of a bucket behind a proxy, in a folder of its own.</summary>
    public static DeliveryOptions BucketAt(S3Proxy proxy, S3Fallback fallback = S3Fallback.None) =>
        new()
        {
            BucketEndpointUrl = proxy.Url,
            BucketName = S3Server.Bucket,
            AwsAccessKeyId = S3Server.AccessKeyId,
            AwsSecretAccessKey = "open sesame",
            S3Prefix = $"test-{Guid.NewGuid():N}",
            S3Fallback = fallback,
        };

    /// <summary>Runs one job; gives what its client would get: output, or error.</summary>
    public Task<JsonObject> RunAsync(string jobJson) => RunUntilAsync(jobJson, TestContext.Current.CancellationToken);

    /// <summary>The same, until it is given up.</summary>
    public async Task<JsonObject> RunUntilAsync(string jobJson, CancellationToken token)
    {
        var job = JsonElement.Parse(jobJson);
        var result = await LocalJob.RunAsync(
            job,
            _handler.Value.HandleAsync,
            Options(new RunPodWorkerOptions()),
            token
        );
        return result.Answer;
    }

    /// <summary>The output of a job that must succeed.</summary>
    public async Task<JsonNode> OutputOfAsync(string input, string jobId = "job-1")
    {
        var answer = await RunAsync(Job(input, jobId));
        answer.ContainsKey("error").ShouldBeFalse(answer["error"]?.ToJsonString());
        return answer["output"]!;
    }

    /// <summary>The error of a job that must fail.</summary>
    public async Task<string> ErrorOfAsync(string input, string jobId = "job-1")
    {
        var answer = await RunAsync(Job(input, jobId));
        answer.Select(pair => pair.Key).ShouldBe(["error"]);
        return answer["error"]!.GetValue<string>();
    }

    /// <summary>Serves the queue until this is disposed.</summary>
    public void Serve(FakeRunPod runPod, Func<RunPodWorkerOptions, RunPodWorkerOptions>? change = null) =>
        Serve(runPod.Environment(), change);

    /// <summary>The same for another platform.</summary>
    public void Serve(
        IReadOnlyDictionary<string, string?> environment,
        Func<RunPodWorkerOptions, RunPodWorkerOptions>? change = null
    )
    {
        var options = RunPodWorkerOptions.FromEnvironment(environment) with { PingUrl = null };
        options = change?.Invoke(options) ?? options;
        _serving = RunPodWorker.RunAsync(_handler.Value.HandleAsync, Options(options), _stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_serving is not null)
        {
            (await _serving).ShouldBe(0, LogText);
        }

        _deliveries?.Dispose();
        _loggerFactory.Dispose();
        _stopping.Dispose();
    }

    private RunPodWorkerOptions Options(RunPodWorkerOptions options) =>
        options with
        {
            LoggerFactory = _loggerFactory,
            ErrorDetails = JobErrorDetails.Hidden,
            StopsOnSignals = false,
        };

    private static string Job(string input, string jobId) => $$"""{"id": "{{jobId}}", "input": {{input}}}""";

    private static string Describe(FakeLogRecord record) =>
        string.Join(
            '\n',
            [
                record.Message,
                $"{record.Exception}",
                .. (record.StructuredState ?? []).Select(pair => pair.Value),
                .. record.Scopes.Select(scope =>
                    scope is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values) : $"{scope}"
                ),
            ]
        );

    private SpeakHandler CreateHandler()
    {
        var encoding = new EncodingOptions { FfmpegPath = RequiredTool.Find("ffmpeg") };
        var encoder = new AudioEncoder(encoding, _loggerFactory.CreateLogger<AudioEncoder>());
        _deliveries = new DeliverySelector(Delivery, encoding, Time, _loggerFactory.CreateLogger<S3Delivery>());
        var requests = new SpeechRequestFactory(new SpeechSettings(), Synthesizer);
        var speech = new JobSpeech(
            new SpeechPipeline(Synthesizer, encoder, Time),
            _deliveries,
            Time,
            _loggerFactory.CreateLogger<JobSpeech>()
        );
        return new SpeakHandler(
            new JobInputReader(requests, Delivery),
            speech,
            new OpenAiJobs(
                new SpeechBodyReader(requests, Synthesizer, new HttpOptions()),
                speech,
                Synthesizer,
                _loggerFactory.CreateLogger<OpenAiJobs>()
            ),
            _loggerFactory.CreateLogger<SpeakHandler>()
        );
    }
}
