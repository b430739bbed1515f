using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Queue;

/// <summary>Everything that must be right before the first job is taken: a worker that cannot speak takes none.</summary>
internal static partial class WorkerStart
{
    /// <exception cref="SpeechFailedException">A tool is missing.</exception>
    /// <exception cref="Settings.SettingsException">A setting is wrong or a bucket is half set.</exception>
    public static async Task LoadAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var begun = time.GetTimestamp();
        var deliveries = services.GetRequiredService<DeliverySelector>();
        var synthesizer = services.GetRequiredService<ISynthesizer>();
        // Everything that settings can get wrong is made here, before anything that takes time.
        services.GetRequiredService<SpeakHandler>();
        var checking = services.GetRequiredService<AudioEncoder>().CheckAsync(cancellationToken);
        await Task.WhenAll(checking, synthesizer.LoadAsync(cancellationToken));
        var ffmpeg = await checking;
        var logger = services.GetRequiredService<ILogger<SpeakHandler>>();
        var elapsed = time.GetElapsedTime(begun).TotalSeconds;
        if (synthesizer.Computing is { } computing)
        {
            Log.Computes(logger, computing.Device, computing.Precision, computing.Reason);
        }

        Log.Ready(logger, synthesizer.Engine, synthesizer.Model, ffmpeg, deliveries.Description, elapsed);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Computes on {Device} in {Precision}. {Reason}")]
        public static partial void Computes(ILogger logger, string device, string precision, string reason);

        [LoggerMessage(
            LogLevel.Information,
            "Ready to speak: engine {Engine} ({Model}), ffmpeg {Ffmpeg}, audio goes {Destination}; loaded in {Seconds:F2} s."
        )]
        public static partial void Ready(
            ILogger logger,
            string engine,
            string model,
            string ffmpeg,
            string destination,
            double seconds
        );
    }
}
