using System.Runtime.InteropServices;

namespace RunPod.Worker.Protocol;

/// <summary>How this library names itself to the platform.</summary>
internal static class ClientIdentity
{
    public static string Version { get; } = typeof(ClientIdentity).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>What this library sends as its user agent.</summary>
    /// <param name="integration">What the worker is a part of, if it says so.</param>
    public static string UserAgent(string? integration = null) =>
        integration is null ? Plain : $"{Plain} Integration/{Printable(integration)}";

    private static string Plain { get; } =
        $"RunPod-DotNet-SDK/{Version} ({OperatingSystemName()}; {RuntimeInformation.OSArchitecture}) "
        + $"Language/.NET {Environment.Version}";

    private static string OperatingSystemName() =>
        string.Concat(Printable(RuntimeInformation.OSDescription).Where(c => c is not '(' and not ')'));

    private static string Printable(string text) => string.Concat(text.Where(c => c is >= ' ' and <= '~'));
}
