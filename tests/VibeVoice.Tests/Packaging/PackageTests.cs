using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Xml.Linq;
using Testing;
using Testing.Programs;

namespace VibeVoice.Tests.Packaging;

/// <summary>The packages as their users get them: built, restored from a folder, and spoken with.</summary>
public sealed class PackageTests(BuiltPackages packages) : IClassFixture<BuiltPackages>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("VibeVoice", "Microsoft.ML.OnnxRuntime", "text-to-speech")]
    [InlineData("VibeVoice.Extensions.AI", "VibeVoice", "text-to-speech")]
    [InlineData("RunPod.Worker", "Microsoft.Extensions.Hosting", "runpod")]
    [InlineData("RunPod.Worker.Emulator", "RunPod.Worker", "runpod")]
    public void A_package_says_what_it_is_and_nothing_about_where_it_was_built(string id, string dependency, string tag)
    {
        using var package = ZipFile.OpenRead(packages.PathOf(id, "nupkg"));
        using var symbols = ZipFile.OpenRead(packages.PathOf(id, "snupkg"));
        var facts = XDocument.Load(package.GetEntry($"{id}.nuspec")!.Open()).Descendants().ToList();

        Fact("license").ShouldBe("MIT");
        Fact("readme").ShouldBe("README.md");
        Fact("description").Length.ShouldBeGreaterThan(20);
        Fact("tags").ShouldContain(tag);
        facts
            .Where(fact => fact.Name.LocalName == "dependency")
            .ShouldContain(d => (string?)d.Attribute("id") == dependency);
        package.GetEntry("README.md").ShouldNotBeNull();
        package.GetEntry($"lib/net10.0/{id}.xml").ShouldNotBeNull();
        var library = Bytes(package.GetEntry($"lib/net10.0/{id}.dll")!);
        var database = Bytes(symbols.GetEntry($"lib/net10.0/{id}.pdb")!);
        foreach (var file in new[] { library, database })
        {
            file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Repository.Root)).ShouldBe(-1);
            file.AsSpan().IndexOf("://"u8).ShouldBe(-1);
        }

        string Fact(string name) => facts.Single(fact => fact.Name.LocalName == name).Value;
    }

    [Fact]
    public async Task The_first_program_of_the_readme_speaks_in_a_project_of_its_own()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = Directory.CreateDirectory(folder.PathOf("VibeVoice-Realtime-0.5B")).FullName;
        foreach (var file in Directory.GetFiles(GoldenFiles.Tiny, "*").Where(file => !file.Contains("run-")))
        {
            File.Copy(file, Path.Combine(checkpoint, Path.GetFileName(file)));
        }

        Directory.CreateDirectory(Path.Combine(checkpoint, "voices"));
        File.Copy(GoldenFiles.TinyVoice, Path.Combine(checkpoint, "voices", "en-Emma_woman.pt"));
        var program = await BuildAsync("PackageSmoke", folder);
        await BuiltPackages.RunAsync(program, [], folder.Path);

        using var model = await VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, cancellationToken: Cancellation);
        var speech = model.SpeakAsync("Hello there.", model.LoadVoice(GoldenFiles.TinyVoice), null, Cancellation);
        var expected = await speech.ToAudioAsync(Cancellation);
        var wav = WavReader.Read(await File.ReadAllBytesAsync(folder.PathOf("hello.wav"), Cancellation));
        wav.Samples.ShouldBe(WavReader.Samples(expected));
    }

    [Fact]
    public async Task The_program_of_the_workers_readme_runs_a_job_and_serves_clients()
    {
        using var folder = new TemporaryFolder();
        var program = await BuildAsync("WorkerPackageSmoke", folder);

        var readme = await File.ReadAllTextAsync(Repository.PathOf("src", "RunPod.Worker", "README.md"), Cancellation);
        foreach (
            var (input, exitCode) in new[] { ("""{"input": {"name": "Ada"}}""", 0), ("""{"input": {"name": 5}}""", 1) }
        )
        {
            await using var local = RunningProgram.Start(program, ["--test_input", input], [], folder.Path);
            (await local.ExitAsync()).ShouldBe(exitCode, local.Errors);
            readme.ShouldContain($"--test_input '{input}'\n```\n\n```json\n{local.Output}```");
        }

        await using var served = RunningProgram.Start(
            program,
            ["--rp_serve_api", "--rp_api_port", "0"],
            [],
            folder.Path
        );
        await served.WaitForTextAsync("job(s) at once");
        var endpoint = served.Output.Split("The endpoint API is at ")[1].Split(' ')[0];
        using var http = new HttpClient();
        using var job = new StringContent("""{"input": {"name": "Grace"}}""");
        using var answer = await http.PostAsync(new Uri($"{endpoint}/runsync"), job, Cancellation);
        (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldContain("""{"text":"Hello, Grace!"}""");
        served.Signal(PosixSignal.SIGTERM);
        (await served.ExitAsync()).ShouldBe(0, served.Output);
    }

    /// <summary>Builds a project of tests/ on the packages, in a folder outside of the repository; gives the program.</summary>
    private async Task<string> BuildAsync(string project, TemporaryFolder folder)
    {
        foreach (var file in Directory.GetFiles(Repository.PathOf("tests", project)))
        {
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        }

        await BuiltPackages.RunAsync(
            RequiredTool.Find("dotnet"),
            [
                "build",
                "--output",
                "out",
                $"-p:PackagedVersion={packages.Version}",
                $"-p:PackageFolder={packages.Folder}",
            ],
            folder.Path
        );
        return folder.PathOf("out", project);
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
