using System.Runtime.Versioning;
using Testing;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>What <c>eng/setup.sh</c> does on machines that lack things, acted by programs of our own on its PATH.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class SetupScriptTests : CommandTest
{
    private const string Page = "https://dotnet.microsoft.com/download/dotnet/10.0";

    private static readonly string[] Everywhere =
    [
        "dirname",
        "sed",
        "cut",
        "paste",
        "env",
        "cmp",
        "cp",
        "ln",
        "mkdir",
        "true",
    ];

    public SetupScriptTests()
    {
        Directory.CreateDirectory(PathOf("eng"));
        Directory.CreateDirectory(PathOf("bin"));
        File.Copy(Repository.PathOf("eng", "setup.sh"), PathOf("eng/setup.sh"));
        File.WriteAllText(PathOf("global.json"), "{ \"sdk\": { \"version\": \"10.0.401\" } }");
        foreach (var tool in Everywhere)
        {
            File.CreateSymbolicLink(PathOf($"bin/{tool}"), RequiredTool.Find(tool));
        }

        Has("dotnet", "echo 10.0.402");
        Has("ffmpeg");
        Has("espeak-ng");
        Has("id", "echo 1000");
        // Installs by putting a program of that name on the PATH, and remembers how it was called.
        Has(
            "apt-get",
            "echo apt-get \"$@\" >> log\n"
                + "[ $1 = update ] || for name; do case $name in install | -y) ;; *) ln -s /bin/true bin/$name ;; esac; done"
        );
        Has("sudo", "echo sudo \"$@\" >> log\nshift\nexec \"$@\"");
    }

    [Fact]
    public async Task With_all_there_it_says_nothing_and_does_nothing()
    {
        (await SetUpAsync()).ShouldBe((0, ""));
        File.Exists(PathOf("log")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_missing_sdk_is_told_with_where_to_get_it()
    {
        Lacks("dotnet");
        (await SetUpAsync()).ShouldBe(
            (1, $"The .NET SDK 10.0.401 is not installed; get it, or a later 10.0, from {Page}\n")
        );
    }

    [Theory]
    [InlineData("8.0.100 [/usr/share/dotnet/sdk]\n10.0.100 [/usr/share/dotnet/sdk]", "8.0.100 10.0.100")]
    [InlineData("", "none")]
    public async Task An_sdk_that_is_too_old_is_told_with_what_is_there(string list, string installed)
    {
        Has("dotnet", $"[ \"$1\" = --list-sdks ] || exit 145\n[ -z '{list}' ] || echo '{list}'");
        (await SetUpAsync()).ShouldBe(
            (1, $"The .NET SDK 10.0.401 or a later 10.0 is needed, but installed is: {installed}. Get it from {Page}\n")
        );
    }

    [Theory]
    [InlineData("refuses")]
    [InlineData("is not there")]
    public async Task Without_rights_it_says_the_one_command_to_type(string sudo)
    {
        Lacks("ffmpeg");
        Lacks("espeak-ng");
        Lacks("sudo");
        if (sudo is "refuses")
        {
            Has("sudo", "echo 'sudo: a password is required' >&2; exit 1");
        }

        (await SetUpAsync()).ShouldBe(
            (1, "These are missing: ffmpeg espeak-ng. Type:  sudo apt-get install -y ffmpeg espeak-ng\n")
        );
        File.Exists(PathOf("log")).ShouldBeFalse();
    }

    [Theory]
    [InlineData(
        "1000",
        "sudo -n apt-get update -qq",
        "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y ffmpeg"
    )]
    [InlineData("0", "apt-get update -qq", "apt-get install -y ffmpeg")]
    public async Task With_rights_it_installs_what_is_missing_once(string user, string update, string install)
    {
        Lacks("ffmpeg");
        Has("id", $"echo {user}");

        (await SetUpAsync()).ShouldBe((0, "Installing ffmpeg\n"));
        var log = await File.ReadAllLinesAsync(PathOf("log"), TestContext.Current.CancellationToken);
        log.ShouldContain(line => line == update);
        log.ShouldContain(line => line == install);

        File.Delete(PathOf("log"));
        (await SetUpAsync()).ShouldBe((0, ""));
        File.Exists(PathOf("log")).ShouldBeFalse();
    }

    [Fact]
    public async Task Without_a_package_manager_it_names_what_is_missing()
    {
        Lacks("apt-get");
        Lacks("espeak-ng");
        (await SetUpAsync()).ShouldBe((1, "Install these with your system's package manager: espeak-ng\n"));
    }

    [Fact]
    public async Task For_the_tests_the_packages_of_node_are_installed_once_and_again_when_a_version_changes()
    {
        Has("node");
        Has("pocketsphinx_continuous");
        Has("chromium");
        Has("npm", "echo npm \"$1\" >> log\nmkdir -p tests/tools/node_modules");
        Directory.CreateDirectory(PathOf("tests/tools"));
        await File.WriteAllTextAsync(
            PathOf("tests/tools/package-lock.json"),
            "{}",
            TestContext.Current.CancellationToken
        );

        (await SetUpAsync("test")).ShouldBe((0, "Installing the Node.js packages that the tests use\n"));
        (await SetUpAsync("test")).ShouldBe((0, ""));
        await File.WriteAllTextAsync(
            PathOf("tests/tools/package-lock.json"),
            "{ }",
            TestContext.Current.CancellationToken
        );
        (await SetUpAsync("test")).ShouldBe((0, "Installing the Node.js packages that the tests use\n"));
    }

    [Fact]
    public async Task All_scripts_are_clean()
    {
        var found = await CommandRun.RunAsync("/usr/bin/env", ["sh", "-c", "command -v shellcheck"], Here);
        Assert.SkipUnless(found.ExitCode == 0, "shellcheck is not installed; 'make lint' runs it where it is.");
        string[] scripts =
        [
            .. Directory.GetFiles(Repository.PathOf("eng"), "*.sh"),
            Repository.PathOf("runpod_bootstrap.sh"),
        ];
        var result = await CommandRun.RunAsync("/usr/bin/env", ["shellcheck", .. scripts], Here);
        (result.ExitCode, result.Text).ShouldBe((0, ""));
    }

    private void Has(string name, string body = "")
    {
        Lacks(name);
        Script($"bin/{name}", body);
    }

    private void Lacks(string name) => File.Delete(PathOf($"bin/{name}"));

    private async Task<(int ExitCode, string Said)> SetUpAsync(string purpose = "run")
    {
        string[] arguments = [PathOf("eng/setup.sh"), purpose];
        var result = await CommandRun.RunAsync("/bin/bash", arguments, Here.With("PATH", PathOf("bin")));
        return (result.ExitCode, result.Text + result.Errors);
    }
}
