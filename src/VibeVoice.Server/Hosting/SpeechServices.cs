using VibeVoice.Server.Commands;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Http;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Http.TextStreams;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Queue.OpenAi;
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
        var services = Build(configuration, loggerFactory, isQuiet, problems);
        return problems.Count == 0 ? services : throw new SettingsException(problems);
    }

    /// <summary>The same where settings may be wrong: those that are keep their defaults.</summary>
    /// <param name="problems">What is wrong is added to them.</param>
    public static ServiceProvider Build(
        IConfiguration configuration,
        ILoggerFactory loggerFactory,
        bool isQuiet,
        ICollection<string> problems
    )
    {
        var speech = SettingsReader.ReadLeniently<SpeechSettings>(configuration, problems);
        var encoding = SettingsReader.ReadLeniently<EncodingOptions>(configuration, problems);
        var delivery = SettingsReader.ReadLeniently<DeliveryOptions>(configuration, problems);
        var queue = SettingsReader.ReadLeniently<QueueOptions>(configuration, problems);
        var hub = SettingsReader.ReadLeniently<HubOptions>(configuration, problems);
        var voices = SettingsReader.ReadLeniently<VoiceOptions>(configuration, problems);
        var endpoint = SettingsReader.ReadLeniently<EndpointOptions>(configuration, problems);
        var http = SettingsReader.ReadLeniently<HttpOptions>(configuration, problems);
        var jobs = SettingsReader.ReadLeniently<JobOptions>(configuration, problems);
        var streams = SettingsReader.ReadLeniently<TextStreamOptions>(configuration, problems);
        var services = new ServiceCollection()
            .AddSingleton(configuration)
            .AddSingleton(loggerFactory)
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(TimeProvider.System)
            .AddSingleton(speech)
            .AddSingleton(encoding)
            .AddSingleton(delivery)
            .AddSingleton(queue)
            .AddSingleton(hub)
            .AddSingleton(voices)
            .AddSingleton(endpoint)
            .AddSingleton(http)
            .AddSingleton(jobs)
            .AddSingleton(streams)
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
            .AddSingleton(JobShelf.Create)
            .AddSingleton<JobInputReader>()
            .AddSingleton<SpeechBodyReader>()
            .AddSingleton<JobSpeech>()
            .AddSingleton<OpenAiJobs>()
            .AddSingleton<SpeakHandler>();
        if (speech.Engine == SpeechEngine.VibeVoice)
        {
            services.AddSingleton(CreateEngineFiles);
        }

        return services.BuildServiceProvider();
    }

    private static HubStore CreateHubStore(IServiceProvider services) =>
        ActivatorUtilities.CreateInstance<HubStore>(
            services,
            Path.Combine(services.GetRequiredService<Workspace>().Folder, "cache")
        );

    private static EngineFiles CreateEngineFiles(IServiceProvider services) =>
        ActivatorUtilities.CreateInstance<EngineFiles>(
            services,
            services.GetRequiredService<Workspace>().CompiledFolder
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
            _ => new VibeVoiceSynthesizer(
                options,
                services.GetRequiredService<EngineFiles>(),
                services.GetRequiredService<QueueOptions>().Concurrency,
                services.GetRequiredService<ILogger<VibeVoiceSynthesizer>>()
            ),
        };
    }
}
