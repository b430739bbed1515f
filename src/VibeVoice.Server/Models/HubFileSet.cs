using System.Text.RegularExpressions;

namespace VibeVoice.Server.Models;

/// <summary>Which files of a repository are needed, and whether a folder has them.</summary>
internal sealed partial record HubFileSet
{
    private const string Weights = "model.safetensors";
    private const string WeightIndex = "model.safetensors.index.json";

    /// <summary>A checkpoint: its configuration first, which tells whether the rest is worth fetching.</summary>
    public static HubFileSet Checkpoint { get; } =
        new()
        {
            ChooseSmall = files => [.. files.Where(file => file is "config.json" or "preprocessor_config.json")],
            ChooseLarge = ChooseWeights,
            FindMissing = FindMissingOfCheckpoint,
            Check = ModelFolder.CheckConfiguration,
            Expectation = "config.json, and model.safetensors or its shards with model.safetensors.index.json",
        };

    /// <summary>Of a checkpoint what describes it, without the weights.</summary>
    public static HubFileSet Configuration { get; } =
        Checkpoint with
        {
            ChooseLarge = files => [.. files.Where(file => file is "config.json")],
            FindMissing = folder => Has(folder, "config.json") ? [] : ["config.json"],
            Expectation = "config.json",
        };

    /// <summary>A tokenizer, of whatever model.</summary>
    public static HubFileSet Tokenizer { get; } =
        new()
        {
            ChooseSmall = files => [.. files.Where(file => file is "tokenizer_config.json")],
            ChooseLarge = files =>
                files.Contains("tokenizer.json")
                    ? ["tokenizer.json"]
                    : [.. files.Where(file => file is "vocab.json" or "merges.txt")],
            FindMissing = folder =>
                Has(folder, "tokenizer.json") || (Has(folder, "vocab.json") && Has(folder, "merges.txt"))
                    ? []
                    : ["tokenizer.json"],
            Check = _ => { },
            Expectation = "tokenizer.json, or vocab.json and merges.txt",
        };

    /// <summary>Of the repository's files, those that are fetched and checked before anything large is.</summary>
    public required Func<IReadOnlyList<string>, IReadOnlyList<string>> ChooseSmall { get; init; }

    /// <summary>Of the repository's files, the others that are needed.</summary>
    public required Func<IReadOnlyList<string>, IReadOnlyList<string>> ChooseLarge { get; init; }

    /// <summary>What a folder lacks; nothing when it is whole.</summary>
    public required Func<string, IReadOnlyList<string>> FindMissing { get; init; }

    /// <summary>Throws <see cref="ModelFormatException"/> where the small files show that the large ones are of no use.</summary>
    public required Action<string> Check { get; init; }

    /// <summary>What a repository should have, for messages.</summary>
    public required string Expectation { get; init; }

    private static IReadOnlyList<string> ChooseWeights(IReadOnlyList<string> files) =>
        !files.Contains("config.json") ? []
        : files.Contains(Weights) ? [Weights]
        : files.Contains(WeightIndex) ? [WeightIndex, .. files.Where(file => ShardPattern().IsMatch(file))]
        : [];

    private static IReadOnlyList<string> FindMissingOfCheckpoint(string folder) =>
        [.. ListWeights(folder).Prepend("config.json").Where(file => !Has(folder, file))];

    private static IReadOnlyList<string> ListWeights(string folder)
    {
        try
        {
            return ModelFolder.ListWeightFiles(folder);
        }
        catch (ModelFormatException)
        {
            return [WeightIndex];
        }
    }

    // A link whose blob is gone is a file that is missing; File.Exists says otherwise.
    private static bool Has(string folder, string file) => LocatedModel.SizeOf(Path.Combine(folder, file)) >= 0;

    [GeneratedRegex("^model-[0-9]+-of-[0-9]+[.]safetensors$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ShardPattern();
}
