using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Testing;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http.Page;

/// <summary>What the page copies for other programs, run as it is.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class SnippetTests(PageBrowser browser) : IClassFixture<PageBrowser>, IDisposable
{
    /// <summary>What every one of the languages writes in another way.</summary>
    private const string Text = "It's \"quoted\", $HOME, `back` \\ and %s {0} é 😀 \"\"\"\nA second line.";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-snippet-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_asks_for_what_the_form_holds()
    {
        var engine = new FakeSynthesizer();
        await using var stage = await HttpStage.StartAsync(engine);
        var snippets = await browser.PlayAsync("snippets", stage, new JsonObject { ["text"] = Text });
        await RunAsync(engine, snippets, "curl", RunShellAsync);
        await RunAsync(engine, snippets, "C#", RunCSharpAsync);
        // Nothing else here needs it, so that it may be missing.
        if (File.Exists("/usr/bin/python3"))
        {
            await RunAsync(engine, snippets, "Python", RunPythonAsync);
        }
    }

    private async Task RunAsync(
        FakeSynthesizer engine,
        JsonElement snippets,
        string language,
        Func<string, Task<BufferedCommandResult>> runAsync
    )
    {
        var file = Path.Combine(_folder.FullName, "speech.wav");
        File.Delete(file);
        var result = await runAsync(snippets.GetProperty(language).GetString()!);
        result.ExitCode.ShouldBe(0, $"{language}: {result.StandardOutput}{result.StandardError}");
        (await Listener.ProbeAsync(await File.ReadAllBytesAsync(file, Token))).Codec.ShouldBe("pcm_s16le");
        var request = engine.Requests.Last();
        request.Text.ShouldBe(Text, language);
        (
            request.Voice.Name,
            request.Format,
            request.Speed,
            request.Seed,
            request.InferenceSteps,
            request.CfgScale
        ).ShouldBe(("en-Mike_man", AudioFormat.Wav, 1.05, 7, 3, 2.5), language);
    }

    private Task<BufferedCommandResult> RunShellAsync(string snippet) => RunProgramAsync("bash", "-c", snippet);

    private Task<BufferedCommandResult> RunPythonAsync(string snippet) => RunProgramAsync("python3", "-c", snippet);

    private async Task<BufferedCommandResult> RunCSharpAsync(string snippet)
    {
        // As 'dotnet run speech.cs' would, without its project and its restore: what it needs of the usual namespaces, and the framework.
        var usings = string.Concat(
            new[] { "System", "System.IO", "System.Net.Http", "System.Threading" }.Select(name =>
                $"global using {name};"
            )
        );
        await File.WriteAllTextAsync(PathOf("usings.cs"), usings, Token);
        await File.WriteAllTextAsync(PathOf("speech.cs"), snippet, Token);
        var framework = RuntimeEnvironment.GetRuntimeDirectory();
        var version = Path.GetFileName(framework.TrimEnd('/'));
        await File.WriteAllTextAsync(
            PathOf("speech.runtimeconfig.json"),
            JsonSerializer.Serialize(
                new { runtimeOptions = new { framework = new { name = "Microsoft.NETCore.App", version } } }
            ),
            Token
        );
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(':')
            .Where(path => path.StartsWith(framework, StringComparison.Ordinal))
            .Select(path => $"-r:{path}");
        var compiler = Directory
            .EnumerateDirectories(Path.Combine(framework, "..", "..", "..", "sdk"))
            .Select(sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
            .Last(File.Exists);
        var compiled = await RunProgramAsync(
            "dotnet",
            [compiler, "-nologo", "-out:speech.dll", .. references, "usings.cs", "speech.cs"]
        );
        return compiled.ExitCode == 0 ? await RunProgramAsync("dotnet", "speech.dll") : compiled;
    }

    private async Task<BufferedCommandResult> RunProgramAsync(string name, params string[] arguments) =>
        await Cli.Wrap(RequiredTool.Find(name))
            .WithArguments(arguments)
            .WithWorkingDirectory(_folder.FullName)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(Token);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
