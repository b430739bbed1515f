namespace VibeVoice.Server.Settings;

/// <summary>Settings that stop the start, one sentence each.</summary>
internal sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join('\n', problems))
{
    public SettingsException(string problem)
        : this([problem]) { }

    public IReadOnlyList<string> Problems { get; } = problems;
}
