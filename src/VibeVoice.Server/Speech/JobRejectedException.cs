namespace VibeVoice.Server.Speech;

/// <summary>The caller's fault, shown to them: every problem of the input, each naming its field.</summary>
internal sealed class JobRejectedException(IReadOnlyList<string> problems) : Exception(string.Join(' ', problems))
{
    public JobRejectedException(string problem)
        : this([problem]) { }

    public IReadOnlyList<string> Problems { get; } = problems;
}
