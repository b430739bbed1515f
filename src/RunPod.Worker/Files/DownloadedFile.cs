namespace RunPod.Worker;

/// <summary>A file that was downloaded.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Name">The name that the server or the URL gives it, without a folder; not trusted as a path.</param>
/// <param name="ContentType">What the server says it is, without parameters; may be null.</param>
/// <param name="Bytes">Its size.</param>
public sealed record DownloadedFile(string Path, string Name, string? ContentType, long Bytes);
