using System.Text.Json;
using VibeVoice.Checkpoints;

namespace VibeVoice.Tests;

/// <summary>The reference's numbers, beside the tests; and other people's files, where a machine has them.</summary>
internal static class GoldenFiles
{
    public static string Tiny { get; } = Path.Combine(AppContext.BaseDirectory, "golden", "tiny");

    public static string Full { get; } = Path.Combine(AppContext.BaseDirectory, "golden", "full");

    public static string TinyVoice { get; } = Path.Combine(Tiny, "voices", "tiny.pt");

    /// <summary>A file of <c>../shared</c> beside the checkout; the test is skipped where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        var path = Path.Combine([Testing.Repository.Root, "..", "shared", .. parts]);
        if (!File.Exists(path))
        {
            Assert.Skip($"'{Path.Combine(parts)}' belongs to other people and is not on this machine.");
        }

        return path;
    }

    /// <summary>The JSON that describes a recorded run: text, cfg_scale, steps, frames.</summary>
    public static JsonElement Describe(SafetensorsFile run) => JsonDocument.Parse(run.Metadata["golden"]).RootElement;
}
