namespace Testing.Hub;

/// <summary>A request as it arrived.</summary>
/// <param name="IsStore">Whether it went to the store that content is redirected to.</param>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Path">Without the query.</param>
/// <param name="Range">The header; empty where there was none.</param>
/// <param name="Authorization">The header; empty where there was none.</param>
public sealed record HubRequest(bool IsStore, string Method, string Path, string Range, string Authorization);
