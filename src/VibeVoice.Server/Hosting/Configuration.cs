using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Hosting;

/// <summary>The one way in for settings: appsettings.json beside the program, then the environment, then the flags.</summary>
internal static class Configuration
{
    /// <param name="flags">What the command line says, under the names of the settings; null where it says nothing.</param>
    /// <exception cref="SettingsException">appsettings.json is not JSON.</exception>
    public static IConfiguration Load(params (string Name, string? Value)[] flags)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "appsettings.json");
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(file, optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(
                    flags
                        .Where(f => f.Value is not null)
                        .ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal)
                )
                .Build();
        }
        catch (InvalidDataException exception)
        {
            throw new SettingsException($"'{file}' is not valid JSON: {exception.InnerException?.Message}");
        }
    }
}
