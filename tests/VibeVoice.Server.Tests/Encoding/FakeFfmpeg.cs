using System.Runtime.Versioning;

namespace VibeVoice.Server.Tests.Encoding;

/// <summary>A shell script in ffmpeg's place, for failures that the real one cannot be asked for.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class FakeFfmpeg : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-fake-");

    public FakeFfmpeg(string script)
    {
        Path = System.IO.Path.Combine(_folder.FullName, "ffmpeg");
        File.WriteAllText(Path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Path { get; }

    public void Dispose() => _folder.Delete(recursive: true);
}
