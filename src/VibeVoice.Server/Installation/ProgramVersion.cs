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

    /// <summary>"0.1.0" alone.</summary>
    public static string Number { get; } = Current.Split('+')[0];

    /// <summary>How the program names itself to servers: "vibevoice/0.1.0 dotnet/10.0.12".</summary>
    public static string UserAgent { get; } = $"vibevoice/{Number} dotnet/{Environment.Version}";
}
