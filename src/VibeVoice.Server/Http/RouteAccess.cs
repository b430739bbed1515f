namespace VibeVoice.Server.Http;

/// <summary>Who may call a route: metadata of it. A route without one needs a key, where keys are set.</summary>
/// <param name="IsOpen">Whether it needs no key.</param>
/// <param name="IsHealth">Whether it is there on the health port, too.</param>
internal sealed record RouteAccess(bool IsOpen, bool IsHealth = false)
{
    public static readonly RouteAccess Health = new(IsOpen: true, IsHealth: true);
}
