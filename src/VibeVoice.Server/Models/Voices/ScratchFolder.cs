namespace VibeVoice.Server.Models.Voices;

/// <summary>A folder for what is thrown away in a moment. One that a dead process left is taken away by the next.</summary>
internal sealed class ScratchFolder : IDisposable
{
    /// <param name="parent">The folder to make it in, which the caller holds the lease of.</param>
    public ScratchFolder(string parent)
    {
        Path = System.IO.Path.Combine(parent, ".scratch");
        Dispose();
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
