using System.Text.RegularExpressions;
using RunPod.Worker;
using Testing;

namespace VibeVoice.Server.Tests.Settings;

/// <summary>A setting that nobody can read about does not exist for its users.</summary>
public sealed partial class ConfigurationDocumentTests
{
    [Fact]
    public void The_document_is_what_the_options_say()
    {
        var path = Repository.PathOf("docs/configuration.md");
        var written = ConfigurationDocument.Write();
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, written);
        }

        File.ReadAllText(path).ShouldBe(written, "'make docs' writes it anew.");
    }

    [Fact]
    public void Every_setting_is_in_the_document()
    {
        var written = ConfigurationDocument.Write();
        ProgramSetting
            .All.Select(setting => setting.Name)
            .Where(name => !written.Contains($"\n| `{name}` |", StringComparison.Ordinal))
            .ShouldBeEmpty("its options class needs a section in ConfigurationDocument");
    }

    [Fact]
    public void Every_variable_that_the_worker_reads_is_in_the_document_and_no_other()
    {
        var asked = new List<string>();
        _ = RunPodWorkerOptions.FromEnvironment(name =>
        {
            asked.Add(name);
            return null;
        });
        ConfigurationDocument
            .Platform.Select(variable => variable.Name)
            .ShouldBe(asked.Distinct(StringComparer.Ordinal), ignoreOrder: true);
    }

    [Fact]
    public void Every_variable_of_the_script_is_a_setting_or_in_the_document()
    {
        var script = File.ReadAllText(Repository.PathOf("runpod_bootstrap.sh"));
        Variable()
            .Matches(script)
            .Select(match => match.Groups["name"].Value)
            .Distinct(StringComparer.Ordinal)
            .Except(ProgramSetting.All.Select(setting => setting.Name), StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ShouldBe(ConfigurationDocument.Script.Select(variable => variable.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_are_those_of_variables_and_mean_one_thing_each()
    {
        var settings = ProgramSetting.All;
        settings.Count.ShouldBeGreaterThan(25);
        settings.ShouldAllBe(setting => Regex.IsMatch(setting.Name, "^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$"));
        settings.ShouldAllBe(setting => setting.Setting.Description.EndsWith('.'));
        settings.DistinctBy(setting => setting.Name, StringComparer.Ordinal).Count().ShouldBe(settings.Count);
    }

    /// <summary>Of the environment by their capitals; what the script itself calls so, it exports for the program.</summary>
    [GeneratedRegex(
        @"\$\{?(?!BASH_)(?<name>[A-Z][A-Z0-9_]+)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Variable();
}
