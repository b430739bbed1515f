using System.Reflection;

namespace VibeVoice.Server.Installation;

/// <summary>Which build this is.</summary>
internal static class ProgramVersion
{
    /// <summary>"0.1.0", with the commit behind a plus where the build knew it.</summary>
    public static string Current { get; } =
        typeof(ProgramVersion)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion;
}
