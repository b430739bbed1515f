namespace RunPod.Worker;

/// <summary>
/// Models that RunPod has put on the machine before the worker started ("cached models"), laid out as the Hugging Face hub
/// cache is. Thread-safe.
/// </summary>
public static class CachedModels
{
    private const string Hub = "/runpod-volume/huggingface-cache/hub";

    /// <summary>Finds the folder with a model's files; null where the model is not cached.</summary>
    /// <param name="model">Its name on the hub, <c>organisation/name</c>; case is ignored where need be.</param>
    /// <param name="hub">The cache; null: where RunPod mounts it, <c>/runpod-volume/huggingface-cache/hub</c>.</param>
    /// <exception cref="ArgumentException"><paramref name="model"/> has another form.</exception>
    public static string? Find(string model, string? hub = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Split('/') is not [{ Length: > 0 } organisation, { Length: > 0 } name] || model.Contains(".."))
        {
            throw new ArgumentException($"'{model}' is no model; its form is 'organisation/name'.", nameof(model));
        }

        var folder = FindFolder(hub ?? Hub, $"models--{organisation}--{name}");
        return folder is null ? null : FindSnapshot(folder);
    }

    private static string? FindFolder(string hub, string wanted)
    {
        var exact = Path.Combine(hub, wanted);
        if (Directory.Exists(exact))
        {
            return exact;
        }

        // RunPod's documents show a lower-cased folder in one place.
        return Directory.Exists(hub)
            ? Directory
                .EnumerateDirectories(hub)
                .FirstOrDefault(folder =>
                    string.Equals(Path.GetFileName(folder), wanted, StringComparison.OrdinalIgnoreCase)
                )
            : null;
    }

    /// <summary>The snapshot that <c>refs/main</c> names, else the first by name.</summary>
    private static string? FindSnapshot(string folder)
    {
        var snapshots = Path.Combine(folder, "snapshots");
        var main = Path.Combine(folder, "refs", "main");
        if (File.Exists(main))
        {
            var commit = Path.GetFileName(File.ReadAllText(main).Trim());
            if (commit.Length > 0 && Directory.Exists(Path.Combine(snapshots, commit)))
            {
                return Path.Combine(snapshots, commit);
            }
        }

        return Directory.Exists(snapshots)
            ? Directory.EnumerateDirectories(snapshots).Order(StringComparer.Ordinal).FirstOrDefault()
            : null;
    }
}
