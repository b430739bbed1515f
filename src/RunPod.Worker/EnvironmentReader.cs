using System.Globalization;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Logging;

namespace RunPod.Worker;

/// <summary>
/// Reads the platform's variables. It sets them, not a person: a strange value is worth a warning and the default, not a
/// dead worker. A blank value counts as not set.
/// </summary>
internal sealed class EnvironmentReader(Func<string, string?> variable, List<string> warnings)
{
    public string? Text(string name) => variable(name)?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>Only the word <c>true</c>, in any case, switches something on.</summary>
    public bool Flag(string name) => string.Equals(Text(name), "true", StringComparison.OrdinalIgnoreCase);

    public double? Number(string name, double least, double most, string unit)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
        )
        {
            return number;
        }

        return Ignore<double>(
            name,
            text,
            string.Create(CultureInfo.InvariantCulture, $"{unit} from {least} to {most}")
        );
    }

    public Version? Version(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (System.Version.TryParse(text, out var version))
        {
            return version;
        }

        Ignore<int>(name, text, "a version like 12.4");
        return null;
    }

    public LogLevel? Level(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return RunPodLogLevel.TryParse(text, out var level)
            ? level
            : Ignore<LogLevel>(name, text, $"one of {RunPodLogLevel.Names}");
    }

    private T? Ignore<T>(string name, string text, string expected)
        where T : struct
    {
        warnings.Add($"{name} is '{text}', but must be {expected}; it is ignored.");
        return null;
    }
}
