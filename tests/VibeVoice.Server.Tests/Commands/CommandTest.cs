using System.Runtime.Versioning;
using Testing;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>A folder of its own for each test that runs a command.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class CommandTest : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-command-");

    protected string Folder => _folder.FullName;

    private protected RunOptions Here => new(Folder);

    protected string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Runs <c>vibevoice</c> in the folder.</summary>
    private protected Task<CommandResult> RunAsync(params string[] arguments) =>
        CommandRun.VibeVoiceAsync(Here, arguments);

    /// <summary>Runs a line of the shell there; <c>$VIBEVOICE</c> is the program.</summary>
    private protected Task<CommandResult> ShellAsync(string line, RunOptions? options = null) =>
        CommandRun.RunAsync("/bin/bash", ["-c", line], (options ?? Here).With("VIBEVOICE", CommandRun.Program));

    /// <summary>The same at a terminal: all that it writes is the result's text.</summary>
    private protected Task<CommandResult> OnTerminalAsync(string line, RunOptions? options = null) =>
        CommandRun.RunAsync(
            RequiredTool.Find("script"),
            ["-qec", line, "/dev/null"],
            (options ?? Here).With("VIBEVOICE", CommandRun.Program).With("TERM", "xterm")
        );

    /// <summary>Writes a program for <c>/bin/sh</c> there.</summary>
    protected string Script(string name, string body)
    {
        var path = PathOf(name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    /// <summary>An espeak-ng that speaks as the real one does and then does not come to its end.</summary>
    protected string EndlessEspeak() =>
        Script(
            "endless-espeak",
            "[ \"$1\" = --version ] && exec espeak-ng --version\nespeak-ng \"$@\"\nexec sleep 600"
        );

    /// <summary>Names of all files in the folder but those of <paramref name="except"/>.</summary>
    protected IReadOnlyList<string> FilesBut(params string[] except) =>
        [
            .. Directory
                .EnumerateFileSystemEntries(Folder)
                .Select(file => Path.GetFileName(file))
                .Except(except, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => _folder.Delete(recursive: true);
}
