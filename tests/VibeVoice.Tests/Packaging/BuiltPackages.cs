using System.Globalization;
using Testing;
using Testing.Programs;

namespace VibeVoice.Tests.Packaging;

/// <summary>The packages of this checkout, under a version that no cache has seen.</summary>
public sealed class BuiltPackages : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public string Version { get; } = $"0.0.1-smoke{DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture)}";

    public string Folder => _folder.Path;

    public string PathOf(string id, string extension) => _folder.PathOf($"{id}.{Version}.{extension}");

    public async ValueTask InitializeAsync() =>
        await RunAsync(Repository.PathOf("eng", "pack.sh"), [Version, Folder], Repository.Root);

    public ValueTask DisposeAsync()
    {
        // The restored copies would stay for ever, and nobody asks for that version again.
        var cache =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var id in new[] { "vibevoice", "vibevoice.extensions.ai", "runpod.worker", "runpod.worker.emulator" })
        {
            var restored = Path.Combine(cache, id, Version);
            if (Directory.Exists(restored))
            {
                Directory.Delete(restored, recursive: true);
            }
        }

        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs a program to its end, which must be a good one.</summary>
    public static async Task RunAsync(string program, string[] arguments, string folder)
    {
        // How this machine reaches its packages, and no build server that outlives the test.
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
            .Where(variable => variable.Key.StartsWith("NUGET_", StringComparison.Ordinal))
            .Append(KeyValuePair.Create("MSBUILDDISABLENODEREUSE", (string?)"1"))
            .Append(KeyValuePair.Create("DOTNET_CLI_TELEMETRY_OPTOUT", (string?)"1"));
        await using var run = RunningProgram.Start(program, arguments, environment, folder);
        var exitCode = await run.ExitAsync(TimeSpan.FromMinutes(5));
        exitCode.ShouldBe(0, $"{run.Output}\n{run.Errors}");
    }
}
