namespace VibeVoice.Server.Diagnosis;

/// <summary>What a check came to.</summary>
internal enum CheckState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Worth knowing, and no reason to fail.</summary>
    Note,

    /// <summary>A start or its jobs will fail by it.</summary>
    Problem,

    /// <summary>Not looked at, for the reason told.</summary>
    Skipped,
}
