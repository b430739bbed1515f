using Microsoft.Extensions.Logging.Abstractions;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;

namespace VibeVoice.Server.Tests.Speech.Model;

/// <summary>The real engine, with the small checkpoint of the tests unless it is told another.</summary>
internal static class TinySynthesizer
{
    public static readonly string Folder = Testing.Repository.PathOf("tests", "VibeVoice.Tests", "golden", "tiny");

    public static VibeVoiceSynthesizer Create(SpeechSettings settings) => Open(settings with { ModelPath = Folder });

    public static async Task<VibeVoiceSynthesizer> LoadAsync()
    {
        var synthesizer = Create(new SpeechSettings());
        await synthesizer.LoadAsync(TestContext.Current.CancellationToken);
        return synthesizer;
    }

    /// <summary>With a hub and a volume that nothing here needs.</summary>
    public static VibeVoiceSynthesizer Open(SpeechSettings settings)
    {
        var hub = new HubStore(
            new HubOptions { IsOffline = true },
            "/nowhere",
            new ProgressTerminal(Writer: null),
            TimeProvider.System,
            NullLogger<HubStore>.Instance
        );
        var models = new ModelLocator(settings, hub);
        var voices = new VoiceInstaller(
            new VoiceOptions(),
            new Workspace { Root = "/nowhere" },
            TimeProvider.System,
            NullLogger<VoiceInstaller>.Instance
        );
        var library = new VoiceLibrary(settings, models.GivenFolder, voices.Folder);
        return new VibeVoiceSynthesizer(
            settings,
            new EngineFiles(models, library, voices, compiledFolder: null),
            slots: 2,
            NullLogger<VibeVoiceSynthesizer>.Instance
        );
    }
}
