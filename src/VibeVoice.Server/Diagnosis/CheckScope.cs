namespace VibeVoice.Server.Diagnosis;

/// <summary>When a check is made; each scope takes in those before it.</summary>
internal enum CheckScope
{
    /// <summary>At every start: costs next to nothing, and the worker does not find it by itself.</summary>
    EveryStart,

    /// <summary>Before an installation, and for whoever asks: looks at this machine alone and takes a moment.</summary>
    Quick,

    /// <summary>For whoever asks: network, and what takes longer.</summary>
    Full,
}
