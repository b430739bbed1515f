using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Logging;

/// <summary>The names that RunPod gives to log levels.</summary>
internal static class RunPodLogLevel
{
    public const string Names = "NOTSET, TRACE, DEBUG, INFO, WARN, ERROR";

    public static bool TryParse(string name, out LogLevel level)
    {
        (var isKnown, level) = name.ToUpperInvariant() switch
        {
            "NOTSET" or "TRACE" => (true, LogLevel.Trace),
            "DEBUG" => (true, LogLevel.Debug),
            "INFO" or "INFORMATION" => (true, LogLevel.Information),
            "WARN" or "WARNING" => (true, LogLevel.Warning),
            "ERROR" or "CRITICAL" => (true, LogLevel.Error),
            _ => (false, LogLevel.Information),
        };
        return isKnown;
    }

    public static string NameOf(LogLevel level) =>
        level switch
        {
            LogLevel.Trace => "TRACE",
            LogLevel.Debug => "DEBUG",
            LogLevel.Information => "INFO",
            LogLevel.Warning => "WARN",
            _ => "ERROR",
        };
}
