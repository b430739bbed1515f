using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using VibeVoice.Server.Diagnosis;
using VibeVoice.Server.Hosting;

namespace VibeVoice.Server.Tests.Diagnosis;

/// <summary>Runs checks with given settings and nothing of this machine's environment.</summary>
internal static class DoctorStage
{
    /// <summary>What one check says.</summary>
    /// <param name="name">Its name in the report.</param>
    /// <param name="limit">How long it may take; its own limit where null.</param>
    /// <param name="settings">Names and values.</param>
    public static async Task<CheckResult> CheckAsync(
        string name,
        TimeSpan? limit,
        params (string Name, string Value)[] settings
    )
    {
        var results = await RunAsync(
            checks =>
                checks.Where(check => check.Name == name).Select(check => check with { Limit = limit ?? check.Limit }),
            settings
        );
        return results.Single().Result;
    }

    public static Task<CheckResult> CheckAsync(string name, params (string Name, string Value)[] settings) =>
        CheckAsync(name, null, settings);

    /// <summary>What chosen checks say.</summary>
    public static async Task<IReadOnlyList<NamedResult>> RunAsync(
        Func<IEnumerable<CheckEntry>, IEnumerable<CheckEntry>> choose,
        params (string Name, string Value)[] settings
    )
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value)))
            .Build();
        var problems = new List<string>();
        await using var services = SpeechServices.Build(configuration, NullLoggerFactory.Instance, true, problems);
        var checks = choose(CheckList.Choose(problems, CheckScope.Full));
        return await new Doctor(services).RunAsync(checks, TestContext.Current.CancellationToken);
    }

    /// <summary>A problem, and a part of its sentence.</summary>
    public static void ShouldBeProblem(this CheckResult result, string part)
    {
        result.State.ShouldBe(CheckState.Problem, result.Message);
        result.Message.ShouldContain(part);
    }
}
