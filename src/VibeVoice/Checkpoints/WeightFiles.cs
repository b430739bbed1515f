using System.Text.Json;

namespace VibeVoice.Checkpoints;

/// <summary>The one <c>model.safetensors</c> of a folder, or the shards that its index lists.</summary>
internal static class WeightFiles
{
    public const string FileName = "model.safetensors";
    public const string IndexFileName = "model.safetensors.index.json";

    /// <summary>Opens all files of a folder; the caller disposes them.</summary>
    /// <exception cref="ModelFormatException">One is missing or broken, or the index and the shards disagree.</exception>
    public static IReadOnlyList<SafetensorsFile> Open(string folder)
    {
        var single = Path.Combine(folder, FileName);
        if (File.Exists(single))
        {
            return [SafetensorsFile.Open(single)];
        }

        var index = Path.Combine(folder, IndexFileName);
        if (!File.Exists(index))
        {
            throw new ModelFormatException(
                $"'{folder}' has neither '{FileName}' nor '{IndexFileName}'. Give a folder that holds a whole checkpoint."
            );
        }

        return OpenShards(folder, index, ReadIndex(index));
    }

    /// <summary>Names of the files that hold the weights, as <see cref="Open"/> would look for them.</summary>
    public static IReadOnlyList<string> List(string folder)
    {
        var index = Path.Combine(folder, IndexFileName);
        return File.Exists(Path.Combine(folder, FileName)) || !File.Exists(index)
            ? [FileName]
            : [.. ReadIndex(index).Values.Distinct().Order(StringComparer.Ordinal)];
    }

    private static List<SafetensorsFile> OpenShards(
        string folder,
        string index,
        Dictionary<string, string> shardOfTensor
    )
    {
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (var shard in shardOfTensor.Values.Distinct().Order(StringComparer.Ordinal))
            {
                var file = SafetensorsFile.Open(Path.Combine(folder, shard));
                files.Add(file);
                foreach (var name in file.Tensors.Keys)
                {
                    if (shardOfTensor.GetValueOrDefault(name) != shard)
                    {
                        throw new ModelFormatException(
                            $"'{file.Path}' holds tensor '{name}', which '{index}' "
                                + (
                                    shardOfTensor.TryGetValue(name, out var other)
                                        ? $"places in '{other}'."
                                        : "does not list."
                                )
                                + " Take the index and all shards from the same checkpoint."
                        );
                    }
                }
            }

            foreach (var (name, shard) in shardOfTensor)
            {
                var file = files.Single(file => Path.GetFileName(file.Path) == shard);
                if (!file.Tensors.ContainsKey(name))
                {
                    throw WeightMismatchException.Missing(name, file.Path, $"it there, where '{index}' places it");
                }
            }

            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        var map = JsonFile.Load(path).Object("weight_map").Element;
        var shardOfTensor = new Dictionary<string, string>();
        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (shard.Length == 0 || shard is "." or ".." || shard != Path.GetFileName(shard))
            {
                throw new ModelFormatException(
                    $"'{path}' places tensor '{entry.Name}' in '{shard}', but the plain name of a file beside it is expected."
                );
            }

            if (!shardOfTensor.TryAdd(entry.Name, shard))
            {
                throw new ModelFormatException($"'{path}' lists tensor '{entry.Name}' twice, but once is expected.");
            }
        }

        return shardOfTensor;
    }
}
