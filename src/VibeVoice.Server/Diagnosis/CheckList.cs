using VibeVoice.Server.Diagnosis.Checks;

namespace VibeVoice.Server.Diagnosis;

/// <summary>The checks, in the order in which they are shown.</summary>
internal static class CheckList
{
    private const string Machine = "See whether the machine is overloaded or a disk hangs.";
    private const string Network = "Check the network and what may stand in the way (proxy, firewall).";

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static IReadOnlyList<CheckEntry> Others { get; } =
    [
        Local<FfmpegCheck>("ffmpeg"),
        Local<FormatsCheck>("formats") with
        {
            IsQuick = false,
            Limit = Patience,
        },
        Local<EspeakCheck>("espeak-ng"),
        Local<GitCheck>("git") with
        {
            IsOfModel = true,
        },
        Local<MemoryCheck>("memory"),
        Local<DiskCheck>("disk"),
        Local<DeviceCheck>("device") with
        {
            IsOfModel = true,
        },
        Local<ModelCheck>("model") with
        {
            IsOfModel = true,
        },
        Local<VoicesCheck>("voices"),
        Remote<HubCheck>("hub") with
        {
            IsOfModel = true,
        },
        Remote<RepositoryCheck>("repository") with
        {
            IsOfModel = true,
        },
        Remote<BucketCheck>("bucket"),
        Remote<ClockCheck>("clock"),
        Local<EndpointCheck>("endpoint"),
    ];

    /// <param name="settingsProblems">What is wrong with single settings.</param>
    /// <param name="isQuick">Only those that look at this machine alone and take a moment.</param>
    public static IReadOnlyList<CheckEntry> Choose(IReadOnlyList<string> settingsProblems, bool isQuick)
    {
        var settings = Local<SettingsCheck>("settings") with
        {
            Make = services => ActivatorUtilities.CreateInstance<SettingsCheck>(services, settingsProblems),
        };
        return [.. Others.Prepend(settings).Where(check => check.IsQuick || !isQuick)];
    }

    private static CheckEntry Local<T>(string name)
        where T : ICheck => Entry<T>(name) with { IsQuick = true };

    private static CheckEntry Remote<T>(string name)
        where T : ICheck => Entry<T>(name) with { Limit = Patience, Advice = Network };

    private static CheckEntry Entry<T>(string name)
        where T : ICheck =>
        new(name, services => ActivatorUtilities.CreateInstance<T>(services)) { Limit = Moment, Advice = Machine };
}
