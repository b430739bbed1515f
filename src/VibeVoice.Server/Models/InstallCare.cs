namespace VibeVoice.Server.Models;

/// <summary>How much is believed of what an earlier process left.</summary>
internal enum InstallCare
{
    /// <summary>What is there is used: a worker's start reads no gigabytes twice.</summary>
    Trust,

    /// <summary>Checksums are compared, and what is damaged is fetched again.</summary>
    Verify,

    /// <summary>As <see cref="Verify"/>, and a branch is asked anew which commit it is.</summary>
    Renew,
}
