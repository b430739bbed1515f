using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>What a lease says whose holder ran here and was killed.</summary>
internal static class DeadHolder
{
    /// <summary>As this process would look, had it begun at another time.</summary>
    public static string Lease { get; } = $"1234 0000000007 {ProcessIdentity.Current}0";
}
