namespace VibeVoice.Server.Diagnosis;

/// <summary>A line of the report.</summary>
internal sealed record NamedResult(string Name, CheckResult Result)
{
    public bool IsProblem => Result.State == CheckState.Problem;
}
