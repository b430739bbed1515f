using System.ComponentModel;
using System.Globalization;
using CliWrap;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Encoding;

/// <summary>A program that this one runs as a child: how it is started, and what its failures mean in words.</summary>
/// <param name="path">A name on the PATH, or a path.</param>
/// <param name="setting">Name of the setting that holds <paramref name="path"/>, for messages.</param>
/// <param name="mayUseSetsid">Whether to give it a session of its own where the system can.</param>
internal sealed class ChildProgram(string path, string setting, bool mayUseSetsid = true)
{
    private const string SetsidPath = "/usr/bin/setsid";

    private static readonly bool SystemHasSetsid = File.Exists(SetsidPath);

    private readonly bool _usesSetsid = mayUseSetsid && SystemHasSetsid;

    private readonly string _name = Path.GetFileName(path);

    /// <summary>The command, without pipes yet; its exit code is the caller's to judge.</summary>
    /// <remarks>
    /// Ctrl+C in a terminal goes to the whole process group, and would end a child whose job a draining worker still
    /// wants to finish. In a session of its own it does not get it; <c>setsid</c> replaces itself by the program, so
    /// the process id, and with it killing, stays right.
    /// </remarks>
    public Command With(IEnumerable<string> arguments)
    {
        var command = _usesSetsid
            ? Cli.Wrap(SetsidPath).WithArguments([path, .. arguments])
            : Cli.Wrap(path).WithArguments(arguments);
        return command.WithValidation(CommandResultValidation.None);
    }

    /// <summary>Runs a command made by <see cref="With"/> and gives its exit code.</summary>
    /// <exception cref="SpeechFailedException">It could not be started.</exception>
    /// <exception cref="OperationCanceledException">It was killed by <paramref name="cancellationToken"/>.</exception>
    public async Task<int> RunAsync(Command command, CancellationToken cancellationToken)
    {
        try
        {
            return (await command.ExecuteAsync(cancellationToken)).ExitCode;
        }
        catch (Win32Exception exception)
        {
            // CliWrap wraps what .NET wrapped; the system's own words are behind the number.
            var cause = exception.InnerException as Win32Exception ?? exception;
            throw new SpeechFailedException(NotStarted(new Win32Exception(cause.NativeErrorCode).Message), exception)
            {
                Tool = setting,
            };
        }
    }

    /// <summary>What an exit code means, in sentences that end with the program's own words.</summary>
    public SpeechFailedException Failure(int exitCode, LastWords lastWords)
    {
        var words = lastWords.ToString();
        if (_usesSetsid && exitCode is 126 or 127 && words.StartsWith("setsid: ", StringComparison.Ordinal))
        {
            return new SpeechFailedException(NotStarted(words[(words.LastIndexOf(':') + 1)..].Trim()))
            {
                Tool = setting,
            };
        }

        var what = SignalName(exitCode - 128) is { } signal
            ? string.Create(CultureInfo.InvariantCulture, $"was killed by signal {exitCode - 128} ({signal})")
            : string.Create(CultureInfo.InvariantCulture, $"failed with exit code {exitCode}");
        var hint = exitCode == 128 + 9 ? ", as the system does when memory runs out" : "";
        return Failure($"{what}{hint}", lastWords);
    }

    /// <summary>A failure told by the caller: "'ffmpeg' {what}. It said: …".</summary>
    public SpeechFailedException Failure(string what, LastWords lastWords)
    {
        var words = lastWords.ToString();
        return new SpeechFailedException(
            words.Length == 0 ? $"'{_name}' {what}. It said nothing." : $"'{_name}' {what}. It said: {words}"
        )
        {
            Tool = setting,
        };
    }

    private string NotStarted(string reason) =>
        $"'{path}' could not be started: {reason}. Install it, or set {setting} to where it is.";

    // .NET reports a child killed by a signal as 128 + signal, as shells do; not every code above 128 is one.
    private static string? SignalName(int signal) =>
        signal switch
        {
            1 => "SIGHUP",
            2 => "SIGINT",
            3 => "SIGQUIT",
            4 => "SIGILL",
            6 => "SIGABRT",
            7 => "SIGBUS",
            8 => "SIGFPE",
            9 => "SIGKILL",
            11 => "SIGSEGV",
            13 => "SIGPIPE",
            15 => "SIGTERM",
            _ => null,
        };
}
