namespace VibeVoice.Server.Hosting;

/// <summary>Where progress is shown by rewriting a line in place.</summary>
/// <param name="Writer">Null where output goes elsewhere, or nothing is to be shown.</param>
internal sealed record ProgressTerminal(TextWriter? Writer)
{
    /// <summary>Takes away what stands on the line, and begins it again.</summary>
    public const string ClearLine = "\r\e[K";

    /// <summary>Standard error where it is a terminal.</summary>
    /// <param name="isQuiet">Whether nobody wants to see progress.</param>
    public static ProgressTerminal Find(bool isQuiet) =>
        new(isQuiet || Console.IsErrorRedirected ? null : Console.Error);
}
