using Microsoft.Extensions.Logging.Testing;
using Testing.Hub;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Models;

namespace VibeVoice.Server.Tests.Models;

/// <summary>A hub with the small model, an empty cache, and a store between them.</summary>
internal sealed class HubStage : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-hub-");

    private HubStage(FakeHub hub)
    {
        Hub = hub;
        Commit = TinyModel.AddTo(hub);
        Options = new HubOptions
        {
            Endpoint = new Uri(hub.Address),
            Home = PathOf("home"),
            PlatformCache = PathOf("platform"),
        };
    }

    public static HubId Id { get; } = new("tiny", "VibeVoice-Tiny", HubId.MainRevision);

    public FakeHub Hub { get; }

    /// <summary>The model's.</summary>
    public string Commit { get; }

    public HubOptions Options { get; set; }

    public FakeLogger<HubStore> Logger { get; } = new();

    public string Repository => PathOf("home/hub/models--tiny--VibeVoice-Tiny");

    public string WeightBlob => Path.Combine(Repository, "blobs", FakeHub.Sha256(TinyModel.Weights));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<HubStage> StartAsync() => new(await FakeHub.StartAsync(Token));

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public HubStore Store(TimeProvider? time = null) =>
        new(Options, PathOf("unused"), new ProgressTerminal(Writer: null), time ?? TimeProvider.System, Logger);

    public Task<string> EnsureAsync(InstallCare care = InstallCare.Trust, HubId? id = null) =>
        Store().EnsureAsync(id ?? Id, HubFileSet.Checkpoint, care, Token);

    /// <summary>Files of the cache that are there for a moment only.</summary>
    public IReadOnlyList<string> Remains() =>
        [
            .. Directory
                .EnumerateFiles(PathOf("home"), "*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".part" or ".incomplete" or ".lease"),
        ];

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
