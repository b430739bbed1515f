using VibeVoice.Server.Diagnosis.Checks;

namespace VibeVoice.Server.Diagnosis;

/// <summary>The checks, in the order in which they are shown.</summary>
internal static class CheckList
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static IReadOnlyList<CheckEntry> Others { get; } =
    [
        Local<FfmpegCheck>("ffmpeg"),
        Local<FormatsCheck>("formats") with
        {
            Scope = CheckScope.Full,
            Limit = Patience,
        },
        Local<EspeakCheck>("espeak-ng"),
        Local<GitCheck>("git") with
        {
            IsOfModel = true,
        },
        Local<MemoryCheck>("memory") with
        {
            Scope = CheckScope.EveryStart,
        },
        Local<DiskCheck>("disk") with
        {
            Scope = CheckScope.EveryStart,
        },
        Local<DeviceCheck>("device") with
        {
            IsOfModel = true,
        },
        Local<ModelCheck>("model") with
        {
            IsOfModel = true,
        },
        Local<CompiledCheck>("compiled") with
        {
            IsOfModel = true,
        },
        Local<CompiledWeightsCheck>("checksums") with
        {
            Scope = CheckScope.Full,
            Limit = TimeSpan.FromMinutes(2), // a few GB over a network, at worst
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
        Local<EndpointCheck>("endpoint") with
        {
            Scope = CheckScope.EveryStart,
        },
    ];

    /// <param name="settingsProblems">What is wrong with single settings.</param>
    /// <param name="scope">The widest of the checks.</param>
    public static IReadOnlyList<CheckEntry> Choose(IReadOnlyList<string> settingsProblems, CheckScope scope)
    {
        var settings = Local<SettingsCheck>("settings") with
        {
            Make = services => ActivatorUtilities.CreateInstance<SettingsCheck>(services, settingsProblems),
        };
        return [.. Others.Prepend(settings).Where(check => check.Scope <= scope)];
    }

    private static CheckEntry Local<T>(string name)
        where T : ICheck =>
        new(name, services => ActivatorUtilities.CreateInstance<T>(services))
        {
            Scope = CheckScope.Quick,
            Limit = Moment,
            Advice = "See whether the machine is overloaded or a disk hangs.",
        };

    private static CheckEntry Remote<T>(string name)
        where T : ICheck =>
        Local<T>(name) with
        {
            Scope = CheckScope.Full,
            Limit = Patience,
            Advice = "Check the network and what may stand in the way (proxy, firewall).",
        };
}
