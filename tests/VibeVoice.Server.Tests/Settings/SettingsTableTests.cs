using System.Reflection;
using System.Text.RegularExpressions;
using Testing;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Tests.Settings;

/// <summary>A setting that nobody can read about does not exist for its users.</summary>
public sealed class SettingsTableTests
{
    private static readonly IReadOnlyList<SettingAttribute> Settings =
    [
        .. typeof(SettingAttribute)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetProperties())
            .Select(property => property.GetCustomAttribute<SettingAttribute>())
            .OfType<SettingAttribute>(),
    ];

    [Fact]
    public void Every_setting_is_in_the_readme()
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        Settings
            .Select(setting => setting.Name)
            .Where(name => !Regex.IsMatch(readme, $"`{Regex.Escape(name)}`"))
            .ShouldBeEmpty("README.md must name them, each in `backticks`");
    }

    [Fact]
    public void Names_are_those_of_variables_and_mean_one_thing_each()
    {
        Settings.Count.ShouldBeGreaterThan(25);
        Settings.ShouldAllBe(setting => Regex.IsMatch(setting.Name, "^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$"));
        Settings.ShouldAllBe(setting => setting.Description.EndsWith('.'));
        Settings.DistinctBy(setting => setting.Name, StringComparer.Ordinal).Count().ShouldBe(Settings.Count);
    }
}
