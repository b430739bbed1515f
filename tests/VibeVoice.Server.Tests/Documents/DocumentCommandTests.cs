using System.CommandLine;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Testing;
using Testing.Hub;
using Testing.S3;
using VibeVoice.Server.Commands;
using VibeVoice.Server.Tests.Commands;
using VibeVoice.Server.Tests.Installation;

namespace VibeVoice.Server.Tests.Documents;

/// <summary>Every command in the documents is run here, is run by another test, or says what it needs that no test has.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed partial class DocumentCommandTests : CommandTest
{
    /// <summary>Commands whose tests are elsewhere, with the files of those.</summary>
    private static readonly Dictionary<string, string> _elsewhere = new(StringComparer.Ordinal)
    {
        ["make run"] = "tests/VibeVoice.Server.Tests/Installation/MakeTests.cs",
        ["make test"] = ".ci/run",
        ["make publish"] = "eng/test.sh", // all tests of processes run what it leaves
        ["make image"] = "tests/VibeVoice.Server.Tests/Images/ImageTests.cs",
        ["eng/pack.sh 0.1.0 /tmp/packages"] = Packages,
        ["dotnet new console --output /tmp/Greeter && cd /tmp/Greeter"] = Packages,
        [
            "dotnet new nugetconfig && dotnet nuget add source /tmp/packages --name runpod-worker --configfile nuget.config"
        ] = Packages,
        ["dotnet add package RunPod.Worker"] = Packages,
        ["""dotnet run -- --test_input '{"input": {"name": "Ada"}}'"""] = Packages,
        ["""dotnet run -- --test_input '{"input": {"name": 5}}'"""] = Packages,
        ["dotnet run -- --rp_serve_api"] = Emulator,
        ["dotnet run -- --rp_serve_api &"] = Emulator,
        ["""curl localhost:8000/v2/any-id/runsync -d '{"input": {"name": "Ada"}}'"""] = Emulator,
        [
            """curl -s localhost:8000/v2/local/runsync -H 'content-type: application/json' -d '{"input": {"name": "Ada"}}'"""
        ] = Emulator,
        ["""eval "$(curl -s localhost:8000/env)" && dotnet run"""] = Emulator,
    };

    private const string Packages = "tests/VibeVoice.Tests/Packaging/PackageTests.cs";
    private const string Emulator = "tests/RunPod.Worker.Emulator.Tests/WorkerProcessTests.cs";

    public static TheoryData<string> DocumentsToRun =>
        [.. DocumentCommand.All.Where(IsRunHere).Select(command => command.Document).Distinct(StringComparer.Ordinal)];

    [Fact]
    public void What_is_said_to_be_tested_elsewhere_is_still_in_a_document_and_has_its_test()
    {
        DocumentCommand.All.Count.ShouldBeGreaterThan(25);
        _elsewhere.Keys.ShouldBeSubsetOf(DocumentCommand.All.Select(command => command.Text.TrimEnd()));
        _elsewhere.Values.ShouldAllBe(file => File.Exists(Repository.PathOf(file)));
    }

    [Theory]
    [MemberData(nameof(DocumentsToRun))]
    public async Task A_documents_commands_can_be_typed_one_after_another(string document)
    {
        await using var stage = await ModelStage.StartAsync(Here);
        await using var bucket = await S3Server.StartAsync(TestContext.Current.CancellationToken);
        stage.Hub.Add("microsoft/VibeVoice-Realtime-0.5B", TinyModel.ModelFiles);
        LayOut();
        var commands = DocumentCommand.All.Where(command => command.Document == document && IsRunHere(command));
        var script = string.Join('\n', commands.Select(command => $"{command.Text}\n[[ $? -eq 0 ]] || exit 99"));

        var result = await CommandRun.RunAsync(
            "/bin/bash",
            [
                "-c",
                $"set -o pipefail\nPATH={Path.GetDirectoryName(CommandRun.Program)}:$PATH\n{Replace(script, bucket)}\njobs -p | xargs -r kill\nwait",
            ],
            stage.Options.With("VIBEVOICE_ENGINE", null)
        );

        result.ExitCode.ShouldBe(0, $"{script}\n{result.Text}\n{result.Errors}");
        foreach (Match output in Output().Matches(script))
        {
            new FileInfo(PathOf(output.Groups["file"].Value)).Length.ShouldBeGreaterThan(1000, output.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Commands_and_options_that_a_document_names_exist(string document)
    {
        var problems = new List<string>();
        foreach (Match mention in Mention().Matches(File.ReadAllText(Repository.PathOf(document))))
        {
            var words = mention.Groups["command"].Value.Split(' ', '\n');
            Command command = CommandLine.Create();
            foreach (var word in words.TakeWhile(word => NameOfCommand().IsMatch(word)))
            {
                if (command.Subcommands.FirstOrDefault(subcommand => subcommand.Name == word) is { } next)
                {
                    command = next;
                }
                else if (command.Subcommands.Count > 0)
                {
                    problems.Add($"there is no command '{word}': {mention.Value}");
                }
            }

            var known = Options(command).ToHashSet(StringComparer.Ordinal);
            problems.AddRange(
                words
                    .Select(word => NameOfOption().Match(word))
                    .Where(match => match.Success)
                    .Select(match => match.Groups["name"].Value)
                    .Where(name => !known.Contains(name) && !name.StartsWith("--rp_", StringComparison.Ordinal))
                    .Select(name => $"there is no option '{name}': {mention.Value}")
            );
        }

        problems.ShouldBeEmpty(document);
    }

    public static TheoryData<string> Documents => [.. DocumentCommand.Documents];

    private static bool IsRunHere(DocumentCommand command) =>
        !command.IsMarked && !_elsewhere.ContainsKey(command.Text.TrimEnd());

    private static IEnumerable<string> Options(Command command) =>
        command
            .Options.Concat(CommandLine.Create().Options)
            .SelectMany(option => option.Aliases.Append(option.Name))
            .Append("--help");

    /// <summary>What a reader has: the script, a book, a checkpoint and what belongs to it.</summary>
    private void LayOut()
    {
        File.Copy(Repository.PathOf("runpod_bootstrap.sh"), PathOf("runpod_bootstrap.sh"));
        File.Copy(Path.Combine(TinyModel.Folder, "config.json"), PathOf("config.json"));
        File.Copy(Path.Combine(TinyModel.Folder, "tokenizer.json"), PathOf("tokenizer.json"));
        File.Copy(Path.Combine(TinyModel.Folder, "run-long.safetensors"), PathOf("run.safetensors"));
        File.Copy(Path.Combine(TinyModel.Folder, "voices", "tiny.pt"), PathOf("voice.pt"));
        File.Copy(Repository.PathOf("tests", "VibeVoice.Tests", "Text", "random-tiny.json"), PathOf("cases.json"));
        File.WriteAllText(PathOf("book.md"), "# The first chapter\n\nHello *there*.\n\n# The second\n\nGoodbye.\n");
    }

    /// <summary>Places of the reader's machine become those of the test, and the port one that is free.</summary>
    private string Replace(string script, S3Server bucket) =>
        script
            .Replace(
                "$PWD/artifacts/publish/vibevoice",
                Path.GetDirectoryName(CommandRun.Program),
                StringComparison.Ordinal
            )
            .Replace("/path/to/checkpoint", TinyModel.Folder, StringComparison.Ordinal)
            .Replace(
                "vibevoice retention",
                $"BUCKET_NAME={S3Server.Bucket} BUCKET_ENDPOINT_URL={bucket.Url} AWS_ACCESS_KEY_ID={S3Server.AccessKeyId} "
                    + "AWS_SECRET_ACCESS_KEY=any vibevoice retention",
                StringComparison.Ordinal
            )
            .Replace("/tmp/volume", PathOf("another-volume"), StringComparison.Ordinal)
            .Replace("--rp_serve_api", $"--rp_serve_api --rp_api_port {_port}", StringComparison.Ordinal)
            .Replace("serve --port 8000", $"serve --port {_port}", StringComparison.Ordinal)
            .Replace("localhost:8000", $"localhost:{_port}", StringComparison.Ordinal);

    private readonly int _port = FreePort.Find();

    [GeneratedRegex(@"`(vibevoice (?<command>[^`]+))`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Mention();

    [GeneratedRegex(@"^[a-z][a-z-]*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfCommand();

    [GeneratedRegex(@"^\[?(?<name>--?[a-z][a-z_-]*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfOption();

    [GeneratedRegex(@"(-o|>) (?<file>[\w-]+\.\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Output();
}
