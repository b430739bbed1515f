using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RunPod.Worker.Hosting;
using Testing;

namespace RunPod.Worker.Tests;

/// <summary>The library's README shows code that compiles: the sample, and what stands in this file.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task Every_block_of_code_is_compiled_somewhere()
    {
        var token = TestContext.Current.CancellationToken;
        var readme = await File.ReadAllTextAsync(Repository.PathOf("src", "RunPod.Worker", "README.md"), token);
        string[] files =
        [
            "samples/Greeter/Program.cs",
            "tests/WorkerPackageSmoke/Program.cs", // built and run against the packages
            "tests/RunPod.Worker.Tests/ReadmeTests.cs",
        ];
        var compiled = string.Join(
            ' ',
            await Task.WhenAll(files.Select(file => File.ReadAllTextAsync(Repository.PathOf(file), token)))
        );

        var blocks = CodeBlocks.Matches(readme).Select(match => match.Groups["code"].Value).ToList();

        blocks.Count.ShouldBe(4);
        foreach (var block in blocks)
        {
            Squeeze(compiled).ShouldContain(Squeeze(block), Case.Sensitive);
        }
    }

    [Fact]
    public void The_options_of_the_readme_work()
    {
        string[] args = ["--rp_log_level", "DEBUG"];
        var options = RunPodWorkerOptions.FromProcess(args) with
        {
            Concurrency = 4,
            JobTimeout = TimeSpan.FromMinutes(10),
            ErrorDetails = JobErrorDetails.Hidden,
            Fitness = new FitnessOptions { Checks = [new FitnessCheck("model", token => Model.LoadAsync(token))] },
        };

        options.LogLevel.ShouldBe(LogLevel.Debug);
        options.Fitness.Checks.ShouldHaveSingleItem().Name.ShouldBe("model");
    }

    [Fact]
    public async Task The_host_of_the_readme_starts_and_ends()
    {
        // Without a queue there is no job to run here, so the worker ends by itself, and its host with it.
        try
        {
            await HostAsync([]).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

            Environment.ExitCode.ShouldBe(1);
        }
        finally
        {
            Environment.ExitCode = 0;
        }

        static async Task HostAsync(string[] args)
        {
            var builder = Host.CreateApplicationBuilder(args);
            builder.Logging.ClearProviders().AddRunPod();
            builder.Services.AddRunPodWorker<Greeter, Person, Greeting>(GreeterJson.Default);
            await builder.Build().RunAsync();
        }
    }

    /// <summary>Spaces and line breaks are the formatter's.</summary>
    private static string Squeeze(string code) => Spaces.Replace(code, "");

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex CodeBlocks { get; }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces { get; }

    private static class Model
    {
        public static Task LoadAsync(CancellationToken cancellationToken) => Task.Delay(0, cancellationToken);
    }

    private sealed class Greeter : IJobHandler<Person, Greeting>
    {
        public Task<Greeting> HandleAsync(Person input, JobContext job, CancellationToken cancellationToken) =>
            Task.FromResult(new Greeting($"Hello, {input.Name}!"));
    }

    private sealed record Person([property: JsonRequired] string Name);

    private sealed record Greeting(string Text);

    [JsonSerializable(typeof(Person))]
    [JsonSerializable(typeof(Greeting))]
    private sealed partial class GreeterJson : JsonSerializerContext;
}
