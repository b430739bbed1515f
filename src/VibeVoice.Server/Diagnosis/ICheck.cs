namespace VibeVoice.Server.Diagnosis;

/// <summary>One thing that can be wrong with a machine, a setting or a service.</summary>
internal interface ICheck
{
    /// <summary>Looks; a failure that is thrown with a message for people is a problem as well.</summary>
    Task<CheckResult> RunAsync(CancellationToken cancellationToken);
}
