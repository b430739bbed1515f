namespace RunPod.Worker.Emulator.Jobs;

/// <summary>Tells all who wait that something has changed. To be used under the lock that guards what changes.</summary>
internal sealed class Bell
{
    private TaskCompletionSource? _next;

    /// <summary>Ends when the bell rings next.</summary>
    public Task Next => (_next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Ring()
    {
        var rung = _next;
        _next = null;
        rung?.SetResult();
    }
}
