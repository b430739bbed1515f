namespace VibeVoice.Server.Settings;

/// <summary>Binds a property of an options class to the setting called <paramref name="name"/>.</summary>
/// <param name="name">Name of the environment variable, also the key in appsettings.json.</param>
/// <param name="description">One sentence for the documents and for the person who got it wrong.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string name, string description) : Attribute
{
    public string Name { get; } = name;

    public string Description { get; } = description;
}
