namespace VibeVoice.Server.Models;

/// <summary>A checkpoint that can be loaded.</summary>
/// <param name="Name">For people: "microsoft/VibeVoice-Realtime-0.5B", or the name of its folder.</param>
/// <param name="Folder">Configuration and weights.</param>
/// <param name="TokenizerFolder">The tokenizer's files; the same folder where it holds them.</param>
internal sealed record LocatedModel(string Name, string Folder, string TokenizerFolder)
{
    /// <summary>The size of a file, of a link that of what it leads to; −1 where there is nothing.</summary>
    public static long SizeOf(string path)
    {
        // Of a link to nothing File.Exists says that it exists, and of nothing no link can be resolved.
        var file = new FileInfo(path);
        var found = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
        return found is { Exists: true } ? found.Length : -1;
    }
}
