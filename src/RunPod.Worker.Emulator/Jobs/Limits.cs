namespace RunPod.Worker.Emulator.Jobs;

/// <summary>How much RunPod takes.</summary>
internal static class Limits
{
    private const int MiB = 1024 * 1024;

    /// <summary>Bytes of a piece of a stream.</summary>
    public const int Piece = MiB;

    /// <summary>Bytes of a job, and of its result.</summary>
    public static int Body(bool isSync) => (isSync ? 20 : 10) * MiB;
}
