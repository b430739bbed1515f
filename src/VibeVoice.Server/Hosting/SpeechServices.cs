using VibeVoice.Server.Commands;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;
using VibeVoice.Server.Speech.Preview;

namespace VibeVoice.Server.Hosting;

/// <summary>The wiring that every command shares.</summary>
internal static class SpeechServices
{
    /// <param name="configuration">The settings.</param>
    /// <param name="loggerFactory">For all of them.</param>
    /// <param name="isQuiet">Whether downloads show no progress on a terminal.</param>
    /// <exception cref="SettingsException">Settings are wrong; all of them are told.</exception>
    public static ServiceProvider Build(
        IConfiguration configuration,
        ILoggerFactory loggerFactory,
        bool isQuiet = false
    )
    {
        var problems = new List<string>();
        var speech = Read<SpeechSettings>(configuration, problems);
        var encoding = Read<EncodingOptions>(configuration, problems);
        var delivery = Read<DeliveryOptions>(configuration, problems);
        var queue = Read<QueueOptions>(configuration, problems);
        var hub = Read<HubOptions>(configuration, problems);
        var voices = Read<VoiceOptions>(configuration, problems);
        if (problems.Count > 0)
        {
            throw new SettingsException(problems);
        }

        var services = new ServiceCollection()
            .AddSingleton(loggerFactory)
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(TimeProvider.System)
            .AddSingleton(speech)
            .AddSingleton(encoding)
            .AddSingleton(delivery)
            .AddSingleton(queue)
            .AddSingleton(hub)
            .AddSingleton(voices)
            .AddSingleton(WorkspaceCommand.Find(configuration))
            .AddSingleton(ProgressTerminal.Find(isQuiet))
            .AddSingleton(CreateHubStore)
            .AddSingleton<ModelLocator>()
            .AddSingleton<VoiceInstaller>()
            .AddSingleton(CreateVoiceLibrary)
            .AddSingleton(CreateSynthesizer)
            .AddSingleton<AudioEncoder>()
            .AddSingleton<SpeechRequestFactory>()
            .AddSingleton<SpeechPipeline>()
            .AddSingleton<DeliverySelector>()
            .AddSingleton<JobInputReader>()
            .AddSingleton<SpeakHandler>();
        if (speech.Engine == SpeechEngine.VibeVoice)
        {
            services.AddSingleton<EngineFiles>();
        }

        return services.BuildServiceProvider();
    }

    private static T Read<T>(IConfiguration configuration, List<string> problems)
        where T : new()
    {
        try
        {
            return SettingsReader.Read<T>(configuration);
        }
        catch (SettingsException exception)
        {
            problems.AddRange(exception.Problems);
            return new T();
        }
    }

    private static HubStore CreateHubStore(IServiceProvider services) =>
        ActivatorUtilities.CreateInstance<HubStore>(
            services,
            Path.Combine(services.GetRequiredService<Workspace>().Folder, "cache")
        );

    private static VoiceLibrary CreateVoiceLibrary(IServiceProvider services) =>
        new(
            services.GetRequiredService<SpeechSettings>(),
            services.GetRequiredService<ModelLocator>().GivenFolder,
            services.GetRequiredService<VoiceInstaller>().Folder
        );

    private static ISynthesizer CreateSynthesizer(IServiceProvider services)
    {
        var options = services.GetRequiredService<SpeechSettings>();
        return options.Engine switch
        {
            SpeechEngine.Preview => new PreviewSynthesizer(options),
            _ => new VibeVoiceSynthesizer(options, services.GetRequiredService<EngineFiles>()),
        };
    }
}
