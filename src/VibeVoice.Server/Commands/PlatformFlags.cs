using System.CommandLine;
using RunPod.Worker;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>The flags that RunPod's tools give to every worker; the worker library reads them.</summary>
internal static class PlatformFlags
{
    private const string Prefix = "--rp_";

    /// <summary>Those that are known, for <c>--help</c>.</summary>
    public static IReadOnlyList<Option> Options { get; } =
    [
        new Option<string?>("--rp_log_level")
        {
            Description = "TRACE, DEBUG, INFO, WARN or ERROR. [default: RUNPOD_LOG_LEVEL, else INFO]",
            HelpName = "level",
        },
        new Option<bool>("--rp_debugger") { Description = "Add times and facts to each output." },
    ];

    /// <exception cref="SettingsException">A flag is not RunPod's, or its value cannot work.</exception>
    public static WorkerFlags Read(ParseResult result)
    {
        List<string> arguments = [];
        foreach (var option in Options)
        {
            if (result.GetResult(option) is { Implicit: false } given)
            {
                arguments.Add(option.Name);
                arguments.AddRange(given.Tokens.Select(token => token.Value));
            }
        }

        var flags = WorkerFlags.Parse([.. arguments, .. result.UnmatchedTokens]);
        var problems = flags.Problems.Concat(NotOurs(result.UnmatchedTokens)).ToList();
        return problems.Count == 0 ? flags : throw new SettingsException(problems);
    }

    /// <summary>What is unknown may be a flag of a newer RunPod, with its value; anything else is a slip.</summary>
    private static IEnumerable<string> NotOurs(IReadOnlyList<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var isValue =
                i > 0 && tokens[i - 1].StartsWith(Prefix, StringComparison.Ordinal) && !tokens[i].StartsWith('-');
            if (!isValue && !tokens[i].StartsWith(Prefix, StringComparison.Ordinal))
            {
                yield return $"Unrecognized command or argument '{Quote.Short(tokens[i])}'.";
            }
        }
    }
}
