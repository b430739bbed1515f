namespace VibeVoice.Server.Models;

/// <summary>What the hub says of a file before it is fetched.</summary>
/// <param name="Path">Within the repository.</param>
/// <param name="ETag">Names the blob; of large files the SHA-256 of the content, of small ones Git's SHA-1.</param>
/// <param name="Bytes">Size of the content.</param>
internal sealed record HubFile(string Path, string ETag, long Bytes);
