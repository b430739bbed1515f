using System.Runtime.Versioning;
using Testing.Hub;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>A hub, a Git repository with voices, and the settings with which the published program finds both.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ModelStage : IAsyncDisposable
{
    private ModelStage(FakeHub hub, RunOptions options)
    {
        Hub = hub;
        Options = options;
    }

    public FakeHub Hub { get; }

    /// <summary>Nothing is installed yet in the volume that they name.</summary>
    public RunOptions Options { get; }

    private string Volume => Path.Combine(Options.Folder, "volume", "VibeVoice");

    public string Marker => Path.Combine(Volume, ".setup_complete");

    public string Blobs => Path.Combine(Volume, "cache", "hub", "models--tiny--VibeVoice-Tiny", "blobs");

    public string WeightBlob => Path.Combine(Blobs, FakeHub.Sha256(TinyModel.Weights));

    /// <param name="here">The folder of the test.</param>
    public static async Task<ModelStage> StartAsync(RunOptions here)
    {
        var hub = await FakeHub.StartAsync(TestContext.Current.CancellationToken);
        TinyModel.AddTo(hub);
        var repository = await TinyModel.MakeVoiceRepositoryAsync(
            Path.Combine(here.Folder, "repository"),
            "en-Emma_woman",
            "en-Carter_man"
        );
        return new ModelStage(
            hub,
            here.With("VIBEVOICE_ENGINE", "vibevoice")
                .With("VIBEVOICE_WORKSPACE", Path.Combine(here.Folder, "volume"))
                .With("VIBEVOICE_PROGRAM", CommandRun.Program)
                .With("VIBEVOICE_REPOSITORY", repository)
                .With("MODEL_PATH", TinyModel.Id)
                .With("HF_ENDPOINT", hub.Address)
                .With("RUNPOD_MODEL_CACHE", Path.Combine(here.Folder, "platform"))
        );
    }

    public Task<CommandResult> InstallAsync(params string[] flags) =>
        CommandRun.VibeVoiceAsync(Options, ["install", .. flags]);

    /// <summary>Speaks, and sees that sound came of it.</summary>
    public async Task ShouldSpeakAsync(RunOptions? options = null)
    {
        var result = await CommandRun.VibeVoiceAsync(
            options ?? Options,
            "speak",
            "Hello there.",
            "-o",
            "-",
            "--format",
            "wav"
        );
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Output.Length.ShouldBeGreaterThan(6_400); // a frame
    }

    /// <summary>Files of the volume that an installation has for a moment only.</summary>
    public IReadOnlyList<string> Remains() =>
        [
            .. Directory
                .EnumerateFiles(Volume, "*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".incomplete" or ".lease" or ".stale")
                .Concat(Directory.EnumerateFiles(Volume, ".setup_lock*")),
        ];

    public ValueTask DisposeAsync() => Hub.DisposeAsync();
}
