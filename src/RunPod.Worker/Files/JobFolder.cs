using System.Diagnostics.CodeAnalysis;

namespace RunPod.Worker;

/// <summary>A job's temporary folder: jobs that run side by side must not see, or delete, each other's files.</summary>
internal sealed class JobFolder : IDisposable
{
    private readonly Lock _gate = new();
    private string? _path;

    public string Path
    {
        get
        {
            lock (_gate)
            {
                return _path ??= Directory.CreateTempSubdirectory("runpod-job-").FullName;
            }
        }
    }

    /// <summary>Deletes what is there. A file that resists must not keep the job from its answer.</summary>
    [SuppressMessage("Design", "MA0042", Justification = "Deleting has no asynchronous form.")]
    public void Dispose()
    {
        lock (_gate)
        {
            if (_path is null)
            {
                return;
            }

            try
            {
                Directory.Delete(_path, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The container's disk goes with it.
            }
        }
    }
}
