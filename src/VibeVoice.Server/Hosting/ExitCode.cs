namespace VibeVoice.Server.Hosting;

/// <summary>How the program ends; scripts rely on it, and --help lists it.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>The work failed: a job, a tool, a bucket.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the text or a setting is wrong; nothing was begun.</summary>
    public const int Usage = 2;

    /// <summary>A bug: the message says so.</summary>
    public const int Bug = 70;

    /// <summary>The terminal was closed: 128 + SIGHUP.</summary>
    public const int HungUp = 129;

    /// <summary>Ctrl+C, as shells count it: 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>128 + SIGTERM.</summary>
    public const int Terminated = 143;
}
