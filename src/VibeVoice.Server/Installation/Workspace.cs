using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Installation;

/// <summary>
/// Where everything that outlives a worker is kept. The deployment plan says <c>/workspace</c>; RunPod Serverless mounts
/// network volumes at <c>/runpod-volume</c>.
/// </summary>
internal sealed record Workspace
{
    private const string Planned = "/workspace";
    private const string RunPodVolume = "/runpod-volume";

    /// <summary>The volume's folder.</summary>
    public required string Root { get; init; }

    /// <summary>What the operator should know about the choice; null when all is well.</summary>
    public string? Warning { get; init; }

    /// <summary>Whether <see cref="Planned"/> should be made to lead to <see cref="Root"/>.</summary>
    public bool WantsLink { get; init; }

    /// <summary>The work directory: marker, cache, compiled files.</summary>
    public string Folder => Path.Combine(Root, "VibeVoice");

    /// <summary>Weights that were quantised and laid out: a model's first start fills it, later ones map what is there.</summary>
    public string CompiledFolder => Path.Combine(Folder, "cache", "compiled");

    /// <summary>Written last by an installation.</summary>
    public string Marker => Path.Combine(Folder, ".setup_complete");

    /// <summary>Remembers when retention last ran.</summary>
    public string RetentionStamp => Path.Combine(Folder, ".retention_stamp");

    /// <summary>
    /// The configured folder, else <c>/workspace</c> if it is a mount, else <c>/runpod-volume</c> if it is, else
    /// <c>/workspace</c> with a warning.
    /// </summary>
    /// <param name="isMountPoint">Tells whether a path is one.</param>
    public static Workspace Resolve(WorkspaceOptions options, Func<string, bool> isMountPoint)
    {
        if (options.Workspace is { } configured)
        {
            return new Workspace { Root = Path.GetFullPath(configured) };
        }

        if (isMountPoint(Planned))
        {
            return new Workspace { Root = Planned };
        }

        return isMountPoint(RunPodVolume)
            ? new Workspace { Root = RunPodVolume, WantsLink = true }
            : new Workspace
            {
                Root = Planned,
                Warning =
                    $"No network volume is mounted at {Planned} or {RunPodVolume}: what is installed will be lost with "
                    + "this worker. Attach a volume, or set VIBEVOICE_WORKSPACE to a folder that persists.",
            };
    }

    /// <summary>Links <c>/workspace</c> to the volume where nothing stands in the way.</summary>
    /// <returns>Whether the link is there now.</returns>
    public bool TryLink()
    {
        try
        {
            var planned = new DirectoryInfo(Planned);
            if (planned.LinkTarget is not null)
            {
                var target = planned.ResolveLinkTarget(returnFinalTarget: true)!;
                return Path.TrimEndingDirectorySeparator(target.FullName) == Root;
            }

            if (Directory.Exists(Planned))
            {
                // Throws unless it is empty, which is what image builds leave behind.
                Directory.Delete(Planned);
            }

            Directory.CreateSymbolicLink(Planned, Root);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>Settings of the workspace.</summary>
internal sealed record WorkspaceOptions
{
    [Setting(
        "VIBEVOICE_WORKSPACE",
        "The folder that persists: marker, model cache and voices are kept in `VibeVoice` in it.",
        Default = "found by its mount, see below"
    )]
    public string? Workspace { get; init; }
}
