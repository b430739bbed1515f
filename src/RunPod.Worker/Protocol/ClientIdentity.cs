using System.Runtime.InteropServices;

namespace RunPod.Worker.Protocol;

/// <summary>How this library names itself to the platform.</summary>
internal static class ClientIdentity
{
    public static string Version { get; } = typeof(ClientIdentity).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    public static string UserAgent { get; } =
        $"RunPod-DotNet-SDK/{Version} ({OperatingSystemName()}; {RuntimeInformation.OSArchitecture}) "
        + $"Language/.NET {Environment.Version}";

    private static string OperatingSystemName()
    {
        var description = RuntimeInformation.OSDescription.Where(c => c is >= ' ' and <= '~' and not '(' and not ')');
        return string.Concat(description);
    }
}
