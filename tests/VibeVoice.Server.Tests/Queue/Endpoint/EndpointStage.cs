using System.Runtime.InteropServices;
using Testing.Programs;
using Testing.RunPod;
using Testing.S3;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>The published program serving a fake platform over sockets, with its own work and temp folders.</summary>
internal sealed class EndpointStage : IAsyncDisposable
{
    private static readonly Uri NoBucket = new("http://127.0.0.1:1");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-endpoint-");
    private readonly DeliveryOptions _bucket;
    private readonly HttpClient _http = new();

    private EndpointStage(FakeRunPod runPod, Uri? s3)
    {
        RunPod = runPod;
        _bucket = new DeliveryOptions
        {
            BucketEndpointUrl = s3 ?? NoBucket,
            BucketName = S3Server.Bucket,
            AwsAccessKeyId = S3Server.AccessKeyId,
            AwsSecretAccessKey = "open sesame",
            S3Prefix = $"test-{Guid.NewGuid():N}",
        };
        Environment = new Dictionary<string, string?>(runPod.Environment(pingIntervalMilliseconds: 200), null)
        {
            ["VIBEVOICE_ENGINE"] = "preview",
            ["TMPDIR"] = _folder.CreateSubdirectory("tmp").FullName,
        };
        if (s3 is not null)
        {
            Environment["BUCKET_ENDPOINT_URL"] = s3.OriginalString;
            Environment["BUCKET_NAME"] = _bucket.BucketName;
            Environment["AWS_ACCESS_KEY_ID"] = _bucket.AwsAccessKeyId;
            Environment["AWS_SECRET_ACCESS_KEY"] = _bucket.AwsSecretAccessKey;
            Environment["S3_PREFIX"] = _bucket.S3Prefix;
        }
    }

    public FakeRunPod RunPod { get; }

    public RunningProgram Program { get; private set; } = null!;

    public Dictionary<string, string?> Environment { get; }

    /// <summary>Where the program runs.</summary>
    public string WorkDirectory => _folder.FullName;

    /// <summary>Files that the program left, but for the runtime's own sockets.</summary>
    public IReadOnlyList<string> TempFiles =>
        [
            .. Directory
                .EnumerateFileSystemEntries(_folder.FullName, "*", SearchOption.AllDirectories)
                .Where(path => path != Environment["TMPDIR"])
                .Where(path => !Path.GetFileName(path).StartsWith("dotnet-diagnostic-", StringComparison.Ordinal))
                .Where(path => !Path.GetFileName(path).StartsWith("clr-debug-pipe-", StringComparison.Ordinal)),
        ];

    /// <summary>Starts the platform and the worker.</summary>
    /// <param name="s3">Where the bucket is; none by default.</param>
    /// <param name="settings">Changes to the environment; null takes a variable away.</param>
    public static async Task<EndpointStage> StartAsync(Uri? s3 = null, params (string Name, string? Value)[] settings)
    {
        var stage = new EndpointStage(await FakeRunPod.StartAsync(), s3);
        foreach (var (name, value) in settings)
        {
            stage.Environment[name] = value;
        }

        stage.Program = stage.Run("worker");
        return stage;
    }

    /// <summary>Starts the program with this stage's environment.</summary>
    public RunningProgram Run(params string[] arguments) =>
        RunningProgram.Start(PublishedProgram.Find(), arguments, Environment, _folder.FullName);

    /// <summary>Waits until the worker asks for jobs.</summary>
    public Task UntilReadyAsync() =>
        FakeRunPod.WaitForAsync(() => RunPod.RequestsTo(RunPodRoute.Take).Count > 0, "the first take");

    /// <summary>Waits until a job's tool runs; at its start the program looks at its tools, which does not count.</summary>
    public async Task UntilChildAsync(string name)
    {
        await UntilReadyAsync();
        await FakeRunPod.WaitForAsync(() => Program.Children.Any(child => child.Name == name), $"a child '{name}'");
    }

    public Task<IReadOnlyList<string>> KeysAsync() => S3Stage.KeysAsync(S3Target.FromOptions(_bucket)!);

    /// <summary>Downloads as anyone with the link would.</summary>
    public Task<byte[]> DownloadAsync(string url) =>
        _http.GetByteArrayAsync(url, TestContext.Current.CancellationToken);

    /// <summary>Asks the worker to end and waits until it has.</summary>
    public Task<int> StopAsync(TimeSpan? within = null)
    {
        Program.Signal(PosixSignal.SIGTERM);
        return Program.ExitAsync(within);
    }

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        await RunPod.DisposeAsync();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }
}
