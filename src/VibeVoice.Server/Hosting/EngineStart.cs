using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Hosting;

/// <summary>Loads the engine and looks at its tools: what cannot speak takes no work.</summary>
internal static partial class EngineStart
{
    /// <param name="services">The engine and the encoder.</param>
    /// <param name="destination">Where audio goes, for the line that says all is ready: "as base64".</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="SpeechFailedException">A tool is missing, or the model cannot be loaded.</exception>
    public static async Task LoadAsync(
        IServiceProvider services,
        string destination,
        CancellationToken cancellationToken
    )
    {
        var time = services.GetRequiredService<TimeProvider>();
        var begun = time.GetTimestamp();
        var synthesizer = services.GetRequiredService<ISynthesizer>();
        var checking = services.GetRequiredService<AudioEncoder>().CheckAsync(cancellationToken);
        await Task.WhenAll(checking, synthesizer.LoadAsync(cancellationToken));
        var ffmpeg = await checking;
        var logger = services.GetRequiredService<ILogger<SpeechPipeline>>();
        var elapsed = time.GetElapsedTime(begun).TotalSeconds;
        if (synthesizer.Computing is { } computing)
        {
            Log.Computes(logger, computing.Device, computing.Precision, computing.Reason);
        }

        Log.Ready(logger, synthesizer.Engine, synthesizer.Model, ffmpeg, destination, elapsed);
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
