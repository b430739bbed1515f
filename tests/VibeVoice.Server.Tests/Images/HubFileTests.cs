using System.Text.Json;
using Testing;
using VibeVoice.Server.Batch;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Settings;

namespace VibeVoice.Server.Tests.Images;

/// <summary>The files that RunPod's hub reads, against the program that they speak of.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class HubFileTests : CommandTest
{
    private static readonly string[] _types = ["string", "number", "boolean", "huggingface"];

    private static readonly Dictionary<string, ProgramSetting> _settings = ProgramSetting.All.ToDictionary(
        setting => setting.Name,
        StringComparer.Ordinal
    );

    private static JsonElement Hub => Read("hub.json");

    [Fact]
    public void The_hub_has_all_that_it_asks_for()
    {
        Hub.GetProperty("type").GetString().ShouldBe("serverless");
        Hub.GetProperty("category").GetString().ShouldBe("audio");
        Hub.GetProperty("title").GetString().ShouldNotBeNullOrWhiteSpace();
        Hub.GetProperty("description").GetString().ShouldNotBeNullOrWhiteSpace();
        var config = Hub.GetProperty("config");
        config.GetProperty("runsOn").GetString().ShouldBe("GPU");
        config.GetProperty("containerDiskInGb").GetInt32().ShouldBeGreaterThan(5);
        File.Exists(Repository.PathOf("Dockerfile")).ShouldBeTrue();
        File.Exists(Repository.PathOf("README.md")).ShouldBeTrue();
    }

    [Fact]
    public void Every_variable_is_a_setting_of_the_program_with_a_type_and_a_default_that_it_takes()
    {
        foreach (var variable in Hub.GetProperty("config").GetProperty("env").EnumerateArray())
        {
            var key = variable.GetProperty("key").GetString()!;
            _settings.ShouldContainKey(key);
            var input = variable.GetProperty("input");
            var type = input.GetProperty("type").GetString()!;
            _types.ShouldContain(type);
            input.GetProperty("name").GetString().ShouldNotBeNullOrWhiteSpace();
            input.GetProperty("description").GetString()!.ShouldEndWith(".");
            ShouldBeTaken(key, input.GetProperty("default").ToString());
            if (input.TryGetProperty("options", out var options))
            {
                foreach (var option in options.EnumerateArray())
                {
                    ShouldBeTaken(key, option.GetProperty("value").GetString()!);
                }
            }

            if (type == "number")
            {
                ShouldBeTaken(key, input.GetProperty("min").ToString());
                ShouldBeTaken(key, input.GetProperty("max").ToString());
            }
        }
    }

    [Fact]
    public void Every_setting_of_an_endpoint_can_be_set_there()
    {
        var variables = Hub.GetProperty("config").GetProperty("env").EnumerateArray();
        var ofOthers = ProgramSetting.All.Where(setting => setting.Options == typeof(EndpointSettings)); // of the batch
        _settings
            .Keys.Except(ofOthers.Select(setting => setting.Name), StringComparer.Ordinal)
            .Except(variables.Select(variable => variable.GetProperty("key").GetString()!), StringComparer.Ordinal)
            .ShouldBeEmpty("hub.json must offer them");
    }

    [Fact]
    public void The_variables_of_the_plan_can_all_be_set_there()
    {
        string[] plan =
        [
            "MODEL_PATH",
            "MODEL_DEVICE",
            "INFERENCE_STEPS",
            "BUCKET_NAME",
            "BUCKET_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ];
        var variables = Hub.GetProperty("config").GetProperty("env").EnumerateArray();
        plan.ShouldBeSubsetOf(variables.Select(variable => variable.GetProperty("key").GetString()));
    }

    [Fact]
    public void Presets_and_tests_set_what_the_program_takes()
    {
        foreach (var preset in Hub.GetProperty("config").GetProperty("presets").EnumerateArray())
        {
            foreach (var pair in preset.GetProperty("defaults").EnumerateObject())
            {
                ShouldBeTaken(pair.Name, pair.Value.ToString());
            }
        }

        foreach (var variable in Read("tests.json").GetProperty("config").GetProperty("env").EnumerateArray())
        {
            ShouldBeTaken(variable.GetProperty("key").GetString()!, variable.GetProperty("value").GetString()!);
        }
    }

    [Fact]
    public async Task The_jobs_of_the_tests_are_spoken()
    {
        foreach (var test in Read("tests.json").GetProperty("tests").EnumerateArray())
        {
            test.GetProperty("name").GetString().ShouldNotBeNullOrWhiteSpace();
            test.GetProperty("timeout").GetInt32().ShouldBeGreaterThanOrEqualTo(30_000, "the tester's own default");
            var job = $$"""{"input": {{test.GetProperty("input").GetRawText()}}}""";
            var result = await RunAsync("worker", "--test_input", job);
            result.ExitCode.ShouldBe(0, result.Errors);
            result.Text.ShouldContain("\"warnings\":[]");
        }
    }

    private static JsonElement Read(string file) =>
        JsonDocument.Parse(File.ReadAllText(Repository.PathOf(".runpod", file))).RootElement;

    private static void ShouldBeTaken(string name, string value) =>
        Should.NotThrow(() => _settings[name].Read(value), $"{name}={value}");
}
