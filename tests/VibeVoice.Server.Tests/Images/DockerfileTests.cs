using System.Text.Json;
using System.Text.RegularExpressions;
using Testing;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Images;

/// <summary>What can be said of the images without building them.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed partial class DockerfileTests : CommandTest
{
    private static readonly string[] _known = ["ARG", "CMD", "COPY", "ENV", "LABEL", "RUN", "STOPSIGNAL", "WORKDIR"];

    public static TheoryData<string> Files => ["Dockerfile", "Dockerfile.cpu"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Bases_are_pinned_and_can_be_chosen(string file)
    {
        var image = Dockerfile.Read(file);
        image.Arguments.Keys.ShouldBe(["SDK", "BASE"]);
        image.Stages.Count.ShouldBe(2);
        image.Stages.ShouldAllBe(stage => stage.Base.Contains(':') && !stage.Base.EndsWith(":latest"));
        var sdk = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("global.json")));
        var version = sdk.RootElement.GetProperty("sdk").GetProperty("version").GetString();
        image.Stages[0].Base.ShouldContain($":{version}-", Case.Sensitive, "the SDK that global.json names");
    }

    [Fact]
    public void The_gpu_image_stands_on_the_plans_base_and_both_install_the_same()
    {
        var (gpu, cpu) = (Dockerfile.Read("Dockerfile"), Dockerfile.Read("Dockerfile.cpu"));
        gpu.Stages[1].Base.ShouldBe("nvidia/cuda:12.8.1-cudnn-devel-ubuntu24.04");
        gpu.Stages[1].Arguments("RUN").ShouldBe(cpu.Stages[1].Arguments("RUN"));
        gpu.Stages[1].Arguments("COPY").ShouldBe(cpu.Stages[1].Arguments("COPY"));
        gpu.Stages[0]
            .Arguments("RUN")
            .Single()
            .Replace("OnnxRuntimeDevice=cuda", "OnnxRuntimeDevice=cpu", StringComparison.Ordinal)
            .ShouldBe(cpu.Stages[0].Arguments("RUN").Single());
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_instruction_is_one_that_the_build_without_docker_knows(string file) =>
        Dockerfile
            .Read(file)
            .Stages.SelectMany(stage => stage.Instructions)
            .Select(instruction => instruction.Name)
            .Except(_known)
            .ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Files))]
    public void Packages_are_installed_without_questions_and_leave_no_lists(string file)
    {
        var run = Dockerfile.Read(file).Stages[1].Arguments("RUN").Single();
        run.ShouldContain("DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends");
        run.ShouldEndWith("rm -rf /var/lib/apt/lists/*");
        foreach (var package in (string[])["ffmpeg", "espeak-ng", "git", "ca-certificates", "libicu"])
        {
            run.ShouldContain(package);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Nothing_is_downloaded_but_packages(string file)
    {
        foreach (var line in Dockerfile.Read(file).Stages.SelectMany(stage => stage.Arguments("RUN")))
        {
            Download().IsMatch(line).ShouldBeFalse(line);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_line_is_a_command_of_the_shell(string file)
    {
        foreach (var line in Dockerfile.Read(file).Stages.SelectMany(stage => stage.Arguments("RUN")))
        {
            (await CommandRun.RunAsync("/bin/sh", ["-n", "-c", line], Here)).ExitCode.ShouldBe(0, line);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_container_is_the_bootstrap_script_itself(string file)
    {
        var stage = Dockerfile.Read(file).Stages[1];
        stage.Instructions.Single(one => one.Name == "CMD").Exec.ShouldBe(["/opt/vibevoice/runpod_bootstrap.sh"]);
        stage.Arguments("COPY").ShouldContain("--from=build /source/published /opt/vibevoice");
        stage.Arguments("STOPSIGNAL").ShouldBe(["SIGTERM"]);
        stage.Instructions.ShouldNotContain(one => one.Name == "USER", "any user may be asked for");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_copied_exists_and_is_sent_to_the_builder(string file)
    {
        var sent = File.ReadAllLines(Repository.PathOf(".dockerignore"))
            .Where(line => line.StartsWith('!'))
            .Select(line => line[1..])
            .ToList();
        var copied = Dockerfile
            .Read(file)
            .Stages.SelectMany(stage => stage.Instructions)
            .Where(instruction => instruction.Name == "COPY" && instruction.Copy().Stage is null)
            .SelectMany(instruction => instruction.Copy().Sources)
            .Distinct()
            .ToList();
        copied.ShouldAllBe(path => Path.Exists(Repository.PathOf(path)));
        copied.Order(StringComparer.Ordinal).ShouldBe(sent.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(
        @"\b(curl|wget|git clone|huggingface|vibevoice install)\b|https?://",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Download();
}
