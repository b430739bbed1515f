using System.Runtime.Versioning;
using VibeVoice.Server.Tests.Installation;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>Where the audio goes: whole files by one rename, links kept, devices and pipes written as they are.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class SpeakOutputTests : CommandTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_link_is_kept_and_its_target_written()
    {
        Directory.CreateDirectory(PathOf("target"));
        File.CreateSymbolicLink(PathOf("link.wav"), "target/a.wav"); // leads to nothing yet
        File.CreateSymbolicLink(PathOf("chain.wav"), "link.wav");

        (await RunAsync("speak", "Hello.", "-o", "chain.wav")).ExitCode.ShouldBe(0);

        new FileInfo(PathOf("chain.wav")).LinkTarget.ShouldBe("link.wav");
        new FileInfo(PathOf("link.wav")).LinkTarget.ShouldBe("target/a.wav");
        new FileInfo(PathOf("target/a.wav")).Length.ShouldBeGreaterThan(10_000);
        Directory.GetFiles(PathOf("target")).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("folder.wav", "'folder.wav' is a folder, but '--output' must be a file.")]
    [InlineData("missing/a.wav", "'missing/a.wav' cannot be written: there is no folder '{0}/missing'; make it first.")]
    [InlineData("file/a.wav", "'file/a.wav' cannot be written: there is no folder '{0}/file'; make it first.")]
    [InlineData("loop.wav", "'loop.wav' cannot be written: ")]
    public async Task A_place_that_cannot_be_a_file_is_told(string output, string message)
    {
        Directory.CreateDirectory(PathOf("folder.wav"));
        await File.WriteAllTextAsync(PathOf("file"), "", Token);
        File.CreateSymbolicLink(PathOf("loop.wav"), "loop.wav");

        var result = await RunAsync("speak", "Hello.", "-o", output);

        result.ExitCode.ShouldBe(2);
        result.Errors.ShouldStartWith($"vibevoice: {message.Replace("{0}", Folder)}");
        FilesBut().ShouldBe(["file", "folder.wav", "loop.wav"]);
    }

    [Fact]
    public async Task A_file_is_replaced_only_when_the_new_one_is_whole_and_stays_private()
    {
        await File.WriteAllTextAsync(PathOf("a.wav"), "before", Token);
        File.SetUnixFileMode(PathOf("a.wav"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // It speaks, and then breaks.
        var broken = Script("broken", "[ \"$1\" = --version ] || { espeak-ng \"$@\"; sleep 0.4; exit 7; }");
        var options = Here.With("ESPEAK_PATH", broken);
        var failed = await CommandRun.VibeVoiceAsync(options, "speak", "Hello.", "-o", "a.wav");
        failed.ExitCode.ShouldBe(1);
        failed.Errors.ShouldBe("vibevoice: 'broken' failed with exit code 7. It said nothing.\n");
        (await File.ReadAllTextAsync(PathOf("a.wav"), Token)).ShouldBe("before");
        FilesBut("broken").ShouldBe(["a.wav"]);

        (await RunAsync("speak", "Hello.", "-o", "a.wav")).ExitCode.ShouldBe(0);
        new FileInfo(PathOf("a.wav")).Length.ShouldBeGreaterThan(10_000);
        File.GetUnixFileMode(PathOf("a.wav")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_named_pipe_is_written_and_not_replaced()
    {
        var result = await ShellAsync(
            """
            mkfifo pipe.wav
            cat pipe.wav > copy & "$VIBEVOICE" speak "Hello there." -o pipe.wav -q && wait
            test -p pipe.wav && head -c 4 copy
            """
        );
        (result.ExitCode, result.Text, result.Errors).ShouldBe((0, "RIFF", ""));
        new FileInfo(PathOf("copy")).Length.ShouldBeGreaterThan(10_000);
    }

    [Theory]
    [InlineData("\"$VIBEVOICE\" speak Hello -q -o /dev/null && test -c /dev/null")]
    [InlineData("\"$VIBEVOICE\" speak Hello -q -o /dev/stdout | head -c 3 | grep -q ID3")]
    [InlineData("\"$VIBEVOICE\" speak Hello -q -o >(cat > copy); sleep 0.2; head -c 3 copy | grep -q ID3")]
    [InlineData("\"$VIBEVOICE\" speak Hello -q -o - --format pcm > copy && test $(stat -c %s copy) -gt 10000")]
    public async Task Devices_are_written_as_they_are(string line)
    {
        var result = await ShellAsync(line);
        (result.ExitCode, result.Errors).ShouldBe((0, ""));
    }

    [Fact]
    public async Task Memory_disguised_as_a_device_holds_ordinary_files()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "This system has no /dev/shm.");
        var file = $"/dev/shm/vibevoice-{Guid.NewGuid():N}.wav";
        try
        {
            (await RunAsync("speak", "Hello.", "-o", file)).ExitCode.ShouldBe(0);
            var bytes = await File.ReadAllBytesAsync(file, Token);
            BitConverter.ToInt32(bytes, 4).ShouldBe(bytes.Length - 8); // sizes are true: it was no stream
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("\"$VIBEVOICE\" speak Hello -o /dev/full", "'/dev/full'")]
    [InlineData("\"$VIBEVOICE\" speak Hello -o - > /dev/full", "'standard output'")]
    public async Task A_full_device_is_told(string line, string name)
    {
        var result = await ShellAsync(line);
        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldBe($"vibevoice: {name} cannot be written: No space left on device\n");
    }

    [Fact]
    public async Task A_full_disk_is_told_and_keeps_the_file_that_was_there()
    {
        var result = await MountNamespace.RunAsync(
            Here,
            $"""
            mkdir -p "{Folder}/small" && mount -t tmpfs -o size=64k none "{Folder}/small" && cd "{Folder}/small"
            echo before > a.wav
            "$VIBEVOICE" speak "This is far more than sixty-four kilobytes of samples, by some seconds." -o a.wav
            echo "exit code $?"
            cat a.wav
            ls -A
            """
        );

        result.Errors.ShouldBe("vibevoice: 'a.wav' cannot be written: No space left on device\n");
        result.Text.ShouldBe("exit code 1\nbefore\na.wav\n");
    }
}
