using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Tests.Settings;

/// <summary>A setting of the program, as its options declare it.</summary>
internal sealed record ProgramSetting(PropertyInfo Property, SettingAttribute Setting)
{
    /// <summary>All of them, in the order of their declarations.</summary>
    public static IReadOnlyList<ProgramSetting> All { get; } =
    [
        .. typeof(SettingAttribute)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetProperties())
            .Where(property => property.IsDefined(typeof(SettingAttribute)))
            .Select(property => new ProgramSetting(property, property.GetCustomAttribute<SettingAttribute>()!)),
    ];

    public string Name => Setting.Name;

    public Type Options => Property.DeclaringType!;

    /// <summary>What it accepts: "a whole number from 1 to 50".</summary>
    public string Expectation =>
        SettingsReader.Expectation(
            Property,
            Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType
        );

    /// <summary>What holds where it is not set, as Markdown; empty where nothing does.</summary>
    public string Default => Setting.Default ?? Format(Property.GetValue(Activator.CreateInstance(Options)));

    /// <summary>Reads it, and it alone, as the program does.</summary>
    public void Read(string value)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create(Name, (string?)value)])
            .Build();
        typeof(SettingsReader)
            .GetMethod(nameof(SettingsReader.Read))!
            .MakeGenericMethod(Options)
            .Invoke(null, [configuration]);
    }

    private static string Format(object? value) =>
        value switch
        {
            null => "",
            bool or Enum => $"`{value.ToString()!.ToLowerInvariant()}`",
            Uri url => $"`{url.OriginalString}`",
            _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
        };
}
