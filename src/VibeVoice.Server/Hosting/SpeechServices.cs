using VibeVoice.Server.Delivery;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Queue;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;
using VibeVoice.Server.Speech.Preview;

namespace VibeVoice.Server.Hosting;

/// <summary>The wiring that every command shares.</summary>
internal static class SpeechServices
{
    /// <exception cref="SettingsException">Settings are wrong; all of them are told.</exception>
    public static ServiceProvider Build(IConfiguration configuration, ILoggerFactory loggerFactory)
    {
        var problems = new List<string>();
        var speech = Read<SpeechSettings>(configuration, problems);
        var encoding = Read<EncodingOptions>(configuration, problems);
        var delivery = Read<DeliveryOptions>(configuration, problems);
        var queue = Read<QueueOptions>(configuration, problems);
        if (problems.Count > 0)
        {
            throw new SettingsException(problems);
        }

        return new ServiceCollection()
            .AddSingleton(loggerFactory)
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(TimeProvider.System)
            .AddSingleton(speech)
            .AddSingleton(encoding)
            .AddSingleton(delivery)
            .AddSingleton(queue)
            .AddSingleton(CreateSynthesizer)
            .AddSingleton<AudioEncoder>()
            .AddSingleton<SpeechRequestFactory>()
            .AddSingleton<SpeechPipeline>()
            .AddSingleton<DeliverySelector>()
            .AddSingleton<JobInputReader>()
            .AddSingleton<SpeakHandler>()
            .BuildServiceProvider();
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

    private static ISynthesizer CreateSynthesizer(IServiceProvider services)
    {
        var options = services.GetRequiredService<SpeechSettings>();
        return options.Engine switch
        {
            SpeechEngine.Preview => new PreviewSynthesizer(options),
            _ => new VibeVoiceSynthesizer(options),
        };
    }
}
