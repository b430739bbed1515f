using CliWrap;
using CliWrap.Buffered;

namespace Testing.Hub;

/// <summary>The small checkpoint of this repository, as it would be published: model, tokenizer and voices apart.</summary>
public static class TinyModel
{
    public const string Id = "tiny/VibeVoice-Tiny";
    public const string TokenizerId = "Qwen/Qwen2.5-0.5B";

    /// <summary>All of it in one folder, with a voice.</summary>
    public static string Folder { get; } = Repository.PathOf("tests", "VibeVoice.Tests", "golden", "tiny");

    public static byte[] Weights { get; } = Read("model.safetensors");

    /// <summary>What the model's repository holds; the tokenizer is not in it.</summary>
    public static IReadOnlyDictionary<string, byte[]> ModelFiles { get; } =
        new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["README.md"] = "A model card."u8.ToArray(),
            ["config.json"] = Read("config.json"),
            ["preprocessor_config.json"] = Read("preprocessor_config.json"),
            ["model.safetensors"] = Weights,
        };

    public static IReadOnlyDictionary<string, byte[]> TokenizerFiles { get; } =
        new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["tokenizer.json"] = Read("tokenizer.json"),
            ["tokenizer_config.json"] = "{}"u8.ToArray(),
            ["model.safetensors"] = new byte[1000],
        };

    /// <summary>Adds both repositories to a hub; returns the model's commit.</summary>
    public static string AddTo(FakeHub hub)
    {
        hub.Add(TokenizerId, TokenizerFiles);
        return hub.Add(Id, ModelFiles);
    }

    /// <summary>Makes a Git repository with the small model's voice under some of the published names.</summary>
    /// <param name="folder">Where to; it does not exist yet.</param>
    /// <param name="names">Of the presets.</param>
    /// <returns>The value of VIBEVOICE_REPOSITORY: the path, '#', the commit.</returns>
    public static async Task<string> MakeVoiceRepositoryAsync(string folder, params string[] names)
    {
        var voices = Path.Combine(folder, "demo", "voices", "streaming_model");
        Directory.CreateDirectory(voices);
        foreach (var name in names)
        {
            File.Copy(Path.Combine(Folder, "voices", "tiny.pt"), Path.Combine(voices, $"{name}.pt"));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), "The code that nobody needs here.");
        await GitAsync(folder, "init", "--quiet");
        await GitAsync(folder, "add", ".");
        await GitAsync(folder, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "Add");
        return $"{folder}#{await GitAsync(folder, "rev-parse", "HEAD")}";
    }

    /// <summary>Runs Git in a folder; returns what it says.</summary>
    public static async Task<string> GitAsync(string folder, params string[] arguments)
    {
        var result = await Cli.Wrap(RequiredTool.Find("git"))
            .WithArguments(arguments)
            .WithWorkingDirectory(folder)
            .ExecuteBufferedAsync();
        return result.StandardOutput.Trim();
    }

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name));
}
