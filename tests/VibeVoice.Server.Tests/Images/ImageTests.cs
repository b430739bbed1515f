using System.Diagnostics;
using System.Runtime.Versioning;
using Testing;
using Testing.Programs;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Images;

/// <summary>
/// Dockerfile.cpu carried out line by line where there is no Docker: the build stage in a folder of what is sent to the
/// builder, the last stage in a root that debootstrap makes. Then the container's program in an environment that is empty.
/// </summary>
/// <remarks>Takes root, debootstrap, a mirror of Debian and some minutes: <c>make image</c>.</remarks>
[Trait("Category", "Image")]
[UnsupportedOSPlatform("windows")]
public sealed class ImageTests : CommandTest
{
    private static readonly Dockerfile _image = Dockerfile.Read("Dockerfile.cpu");

    private string Root => PathOf("root");

    [Fact]
    public async Task The_cpu_image_is_built_line_by_line_and_speaks_as_any_user()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "It takes root to make a root folder.");
        await BuildAsync(_image.Stages[0]);
        const string distribution = "debian:bookworm-slim";
        _image.Stages[1].Base.ShouldBe(distribution);
        await MustAsync(RequiredTool.Find("debootstrap"), "--variant=minbase", "bookworm", Root);
        await FinishAsync(_image.Stages[1]);

        var version = await InContainerAsync("0:0", "vibevoice --version");
        version.ShouldMatch(@"^\d+\.\d+\.\d+");
        const string speak =
            "cd /tmp && vibevoice speak 'Hello there.' -o hello.mp3 --engine preview -q && ffprobe -v error "
            + "-show_entries format=format_name -of csv=p=0 hello.mp3 && rm hello.mp3";
        (await InContainerAsync("0:0", speak)).ShouldBe("mp3\n");
        (await InContainerAsync("12345:12345", speak)).ShouldBe("mp3\n", "any user may be asked for");

        // The command of the container itself, a job in the place of the queue, a fresh volume for that user.
        var volume = Directory.CreateDirectory(Path.Combine(Root, "volume"));
        File.SetUnixFileMode(volume.FullName, (UnixFileMode)0b111_111_111);
        var command = string.Join(' ', _image.Stages[1].Instructions.Single(one => one.Name == "CMD").Exec);
        var answer = await InContainerAsync(
            "12345:12345",
            $"VIBEVOICE_ENGINE=preview VIBEVOICE_WORKSPACE=/volume exec {command}"
        );
        answer.ShouldContain("\"duration_seconds\"");
        File.Exists(Path.Combine(volume.FullName, "VibeVoice", ".setup_complete")).ShouldBeTrue();
    }

    /// <summary>COPY and RUN in a folder that has nothing else.</summary>
    private async Task BuildAsync(DockerStage stage)
    {
        var folder = Place(stage.Arguments("WORKDIR").Single());
        foreach (var instruction in stage.Instructions)
        {
            if (instruction.Name == "COPY")
            {
                var (_, sources, target) = instruction.Copy();
                Copy(sources.Select(source => Repository.PathOf(source)), Path.Combine(folder, target));
            }
            else if (instruction.Name == "RUN")
            {
                await MustAsync("/bin/sh", "-c", $"cd '{folder}' && {instruction.Arguments}");
            }
        }
    }

    private async Task FinishAsync(DockerStage stage)
    {
        foreach (var instruction in stage.Instructions)
        {
            if (instruction.Name == "COPY")
            {
                var (from, sources, target) = instruction.Copy();
                Copy(sources.Select(source => from is null ? Repository.PathOf(source) : Place(source)), Root + target);
            }
            else if (instruction.Name == "RUN")
            {
                await MustAsync("/usr/sbin/chroot", Root, "/bin/sh", "-c", instruction.Arguments);
            }
        }
    }

    /// <summary>Where the build stage's <paramref name="path"/> lies here.</summary>
    private string Place(string path) => PathOf("build" + path);

    /// <summary>As COPY does: of a folder what is in it, of files themselves where the target is a folder.</summary>
    private static void Copy(IEnumerable<string> sources, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var source in sources)
        {
            if (File.Exists(source))
            {
                File.Copy(source, Path.Combine(target, Path.GetFileName(source)));
                continue;
            }

            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(target, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }

    /// <summary>A command of the shell as a user of the finished image, with nothing of this process's environment.</summary>
    private async Task<string> InContainerAsync(string user, string command)
    {
        var stage = _image.Stages[1];
        // What a container has of its own: processes, and the devices.
        const string mount = "mount -t proc none \"$0/proc\" && mount --rbind /dev \"$0/dev\" && exec \"$@\"";
        string[] arguments =
        [
            "--mount",
            "--pid",
            "--fork",
            "/bin/sh",
            "-c",
            mount,
            Root,
            "/usr/bin/env",
            "-i",
            .. stage.Arguments("ENV"),
            "chroot",
            $"--userspec={user}",
            Root,
            "/bin/sh",
            "-c",
            $"cd {stage.Arguments("WORKDIR").Single()} && {command}",
        ];
        return await MustAsync(RequiredTool.Find("unshare"), arguments);
    }

    private async Task<string> MustAsync(string program, params string[] arguments)
    {
        var clock = Stopwatch.StartNew();
        // All that this process was given: how the machine reaches its packages is said there.
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value));
        await using var run = RunningProgram.Start(program, arguments, environment, Folder);
        var exitCode = await run.ExitAsync(TimeSpan.FromMinutes(10));
        var line = $"{program} {string.Join(' ', arguments)}";
        TestContext.Current.TestOutputHelper?.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s: {line}");
        exitCode.ShouldBe(0, $"{line}\n{run.Output}\n{run.Errors}");
        return run.Output;
    }
}
