using VibeVoice.Server.Hosting;

namespace VibeVoice.Server.Queue;

/// <summary>Everything that must be right before the first job is taken: a worker that cannot speak takes none.</summary>
internal static class WorkerStart
{
    /// <exception cref="Speech.SpeechFailedException">A tool is missing.</exception>
    /// <exception cref="Settings.SettingsException">A setting is wrong or a bucket is half set.</exception>
    public static Task LoadAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        // Everything that settings can get wrong is made here, before anything that takes time.
        var deliveries = services.GetRequiredService<DeliverySelector>();
        services.GetRequiredService<SpeakHandler>();
        return EngineStart.LoadAsync(services, deliveries.Description, cancellationToken);
    }
}
