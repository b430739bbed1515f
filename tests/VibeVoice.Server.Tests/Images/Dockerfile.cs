using System.Text.Json;
using System.Text.RegularExpressions;
using Testing;

namespace VibeVoice.Server.Tests.Images;

/// <summary>A Dockerfile as its instructions, with <c>${ARGUMENT}</c> replaced by its default.</summary>
/// <remarks>The part of the language that this project's files use; anything else is an error.</remarks>
internal sealed partial class Dockerfile
{
    private Dockerfile(IReadOnlyList<DockerStage> stages, IReadOnlyDictionary<string, string> arguments)
    {
        Stages = stages;
        Arguments = arguments;
    }

    public IReadOnlyList<DockerStage> Stages { get; }

    /// <summary>What stands before the first stage.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; }

    public static Dockerfile Read(string name)
    {
        var text = File.ReadAllText(Repository.PathOf(name));
        var withoutComments = Comment().Replace(text, "");
        var lines = Continuation().Replace(withoutComments, " ").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        var stages = new List<DockerStage>();
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            var parts = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var instruction = new DockerInstruction(parts[0], parts[1]);
            switch (instruction.Name)
            {
                case "ARG" when stages.Count == 0:
                    var pair = parts[1].Split('=', 2);
                    arguments[pair[0]] = pair[1];
                    break;
                case "FROM":
                    var from = Argument()
                        .Replace(parts[1], match => arguments[match.Groups["name"].Value])
                        .Split(" AS ");
                    stages.Add(new DockerStage(from[0], from.ElementAtOrDefault(1), []));
                    break;
                default:
                    stages[^1].Instructions.Add(instruction);
                    break;
            }
        }

        return new Dockerfile(stages, arguments);
    }

    [GeneratedRegex(@"^\s*#.*\n", RegexOptions.Multiline, 1000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\\n\s*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Continuation();

    [GeneratedRegex(@"\$\{(?<name>[A-Z]+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Argument();
}

/// <summary>What follows one FROM.</summary>
internal sealed record DockerStage(string Base, string? Name, List<DockerInstruction> Instructions)
{
    public IEnumerable<string> Arguments(string instruction) =>
        Instructions.Where(one => one.Name == instruction).Select(one => one.Arguments);
}

/// <summary>One line.</summary>
internal sealed record DockerInstruction(string Name, string Arguments)
{
    /// <summary>Its words, where it is in exec form.</summary>
    public string[] Exec => JsonSerializer.Deserialize<string[]>(Arguments)!;

    /// <summary>Of a COPY: the stage it takes from, what, and where to.</summary>
    public (string? Stage, string[] Sources, string Target) Copy()
    {
        var words = Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const string from = "--from=";
        var stage = words[0].StartsWith(from, StringComparison.Ordinal) ? words[0][from.Length..] : null;
        words = stage is null ? words : words[1..];
        return (stage, words[..^1], words[^1]);
    }
}
