using System.CommandLine;
using System.Globalization;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>Options that are numbers. The parser's own would read 1.5 as 15 where the shell speaks German.</summary>
internal static class NumberOption
{
    /// <param name="range">What it accepts, told to whoever gives something else.</param>
    public static Option<double?> Create(string name, NumberRange range, string helpName, string description) =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (
                    double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    && range.Contains(number)
                )
                {
                    return number;
                }

                result.AddError($"'{name}' is '{Quote.Short(text)}', but must be {range}.");
                return null;
            },
        };
}
