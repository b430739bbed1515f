namespace VibeVoice.Server.Models;

/// <summary>A checkpoint that is here, or what is to be fetched first.</summary>
/// <param name="Model">Null where a part of it is missing.</param>
/// <param name="Missing">The repository of the hub that has the part.</param>
/// <param name="Files">What is needed of that repository.</param>
internal sealed record FoundModel(LocatedModel? Model, HubId? Missing = null, HubFileSet? Files = null);
