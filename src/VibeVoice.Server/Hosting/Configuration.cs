namespace VibeVoice.Server.Hosting;

/// <summary>The one way in for settings: appsettings.json beside the program, then the environment, then the flags.</summary>
internal static class Configuration
{
    /// <param name="flags">What the command line says, under the names of the settings; null where it says nothing.</param>
    public static IConfiguration Load(params (string Name, string? Value)[] flags) =>
        new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(
                flags.Where(f => f.Value is not null).ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal)
            )
            .Build();
}
