namespace VibeVoice.Server.Settings;

/// <summary>Binds a property of an options class to the setting called <paramref name="name"/>.</summary>
/// <param name="name">Name of the environment variable, also the key in appsettings.json.</param>
/// <param name="description">What docs/configuration.md says of it, which is written from these.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string name, string description) : Attribute
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>What holds where it is not set, in words; null where that is the property's own default.</summary>
    public string? Default { get; init; }
}
