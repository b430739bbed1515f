using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Settings;

/// <summary>
/// Fills an options record from configuration. Unlike the framework's binder it reports every bad value at once,
/// in one sentence that names the setting, what was found and what is allowed.
/// </summary>
internal static class SettingsReader
{
    /// <summary>Reads <typeparamref name="T"/>; a setting that is missing or blank keeps its default.</summary>
    /// <exception cref="SettingsException">One or more values are not of their type or out of range.</exception>
    public static T Read<T>(IConfiguration configuration)
        where T : new()
    {
        var problems = new List<string>();
        var options = ReadLeniently<T>(configuration, problems);
        return problems.Count == 0 ? options : throw new SettingsException(problems);
    }

    /// <summary>The same where the reader goes on all the same: a value that is wrong keeps its default, too.</summary>
    /// <param name="problems">What is wrong is added to them, one sentence each.</param>
    public static T ReadLeniently<T>(IConfiguration configuration, ICollection<string> problems)
        where T : new()
    {
        var options = new T();
        foreach (var property in typeof(T).GetProperties())
        {
            if (property.GetCustomAttribute<SettingAttribute>() is not { } setting)
            {
                continue;
            }

            var text = configuration[setting.Name]?.Trim();
            if (string.IsNullOrEmpty(text))
            {
                continue;
            }

            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (Parse(text, type) is { } value && IsAllowed(property, value))
            {
                property.SetValue(options, value);
            }
            else
            {
                problems.Add($"{setting.Name} {Found(text, type)} must be {Expectation(property, type)}.");
            }
        }

        return options;
    }

    /// <summary>What a setting accepts, as the end of a sentence: "a whole number from 1 to 50".</summary>
    public static string Expectation(PropertyInfo property, Type type)
    {
        if (type.IsEnum)
        {
            return string.Join(" or ", Enum.GetNames(type).Select(name => $"'{name.ToLowerInvariant()}'"));
        }

        var noun = type switch
        {
            _ when type == typeof(bool) => "'true' or 'false'",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(PrecisionChoice) => PrecisionChoice.Expectation,
            _ when type == typeof(Uri) => "an absolute http or https URL",
            _ => "text",
        };
        return property.GetCustomAttribute<RangeAttribute>() is { } range
            ? string.Create(CultureInfo.InvariantCulture, $"{noun} from {range.Minimum} to {range.Maximum}")
            : noun;
    }

    /// <summary>
    /// What was found, unless it may hold a secret: keys are text, and no text is wrong, but URLs can hold a password.
    /// </summary>
    private static string Found(string text, Type type) =>
        type == typeof(Uri) ? "is not a URL that can be used; it" : $"is '{Quote.Short(text)}', but";

    private static bool IsAllowed(PropertyInfo property, object value) =>
        property.GetCustomAttributes<ValidationAttribute>().All(rule => rule.IsValid(value));

    private static object? Parse(string text, Type type)
    {
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            _ when type == typeof(string) => text,
            _ when type == typeof(bool) => ParseBoolean(text),
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var n)
                ? n
                : null,
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var n)
                ? n
                : null,
            _ when type == typeof(double) => double.TryParse(text, NumberStyles.Float, culture, out var x)
            && double.IsFinite(x)
                ? x
                : null,
            _ when type == typeof(PrecisionChoice) => PrecisionChoice.TryParse(text),
            _ when type == typeof(Uri) => Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
                ? uri
                : null,
            _ when type.IsEnum => ParseName(text, type),
            _ => throw new NotSupportedException($"No settings of type {type} are known."),
        };
    }

    /// <summary>One of the names, case ignored; the framework would take '1' and 'cuda,cpu' as well.</summary>
    private static object? ParseName(string text, Type type) =>
        Enum.GetNames(type).FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found
            ? Enum.Parse(type, found)
            : null;

    private static object? ParseBoolean(string text) =>
        text.ToUpperInvariant() switch
        {
            "TRUE" or "1" or "YES" or "ON" => true,
            "FALSE" or "0" or "NO" or "OFF" => false,
            _ => null,
        };
}
