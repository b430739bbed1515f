namespace VibeVoice.Server.Diagnosis;

/// <summary>What a check found.</summary>
/// <param name="State">Whether it is as it should be.</param>
/// <param name="Message">What was found; of a problem also what is expected and what to do. Never a secret.</param>
internal sealed record CheckResult(CheckState State, string Message)
{
    public static CheckResult Ok(string message) => new(CheckState.Ok, message);

    public static CheckResult Note(string message) => new(CheckState.Note, message);

    public static CheckResult Problem(string message) => new(CheckState.Problem, message);

    public static CheckResult Skipped(string reason) => new(CheckState.Skipped, reason);
}
