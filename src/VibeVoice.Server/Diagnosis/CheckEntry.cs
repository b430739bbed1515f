namespace VibeVoice.Server.Diagnosis;

/// <summary>A check in the list, not made yet: what it needs may itself be what is wrong.</summary>
/// <param name="Name">As it is shown.</param>
/// <param name="Make">Makes it.</param>
internal sealed record CheckEntry(string Name, Func<IServiceProvider, ICheck> Make)
{
    /// <summary>How long it may take.</summary>
    public required TimeSpan Limit { get; init; }

    /// <summary>When it is made.</summary>
    public required CheckScope Scope { get; init; }

    /// <summary>Whether it is about the model, which the preview voice does not have.</summary>
    public bool IsOfModel { get; init; }

    /// <summary>What to look at where it does not come to an end.</summary>
    public required string Advice { get; init; }
}
