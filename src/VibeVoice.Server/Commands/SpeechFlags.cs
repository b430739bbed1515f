using System.CommandLine;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>The options that say how text is spoken, the same for every command that speaks.</summary>
internal sealed class SpeechFlags
{
    /// <summary>What their users call the fields of a request.</summary>
    public static readonly SpeechFieldNames Names = new()
    {
        Voice = "--voice",
        Format = "--format",
        Speed = "--speed",
        Seed = "--seed",
        CfgScale = "--cfg-scale",
        InferenceSteps = "--steps",
    };

    private readonly Option<string?> _voice = new(Names.Voice)
    {
        Description = "A voice, or a part of its name that no other has ('emma'); see 'vibevoice voices'.",
        HelpName = "name",
    };

    private readonly Option<double?> _speed = NumberOption.Create(
        Names.Speed,
        SpeechLimits.Speed,
        "factor",
        "Tempo, 0.25 to 4; the pitch is kept."
    );

    private readonly Option<double?> _seed = NumberOption.Create(
        Names.Seed,
        SpeechLimits.Seed,
        "number",
        "Seed of the noise: the same seed, the same audio."
    );

    private readonly Option<double?> _cfgScale = NumberOption.Create(
        Names.CfgScale,
        SpeechLimits.CfgScale,
        "scale",
        "Guidance, 1 to 5."
    );

    private readonly Option<double?> _steps = NumberOption.Create(
        Names.InferenceSteps,
        SpeechLimits.InferenceSteps,
        "number",
        "Diffusion steps for each frame, 1 to 50."
    );

    private readonly Option<bool> _removeMarkdown = new("--remove-markdown")
    {
        Description = "Take out the marks of Markdown, keep its words. [default: REMOVE_MARKDOWN]",
    };

    private readonly Option<bool> _removeEmoji = new("--remove-emoji")
    {
        Description = "Take out emoji. [default: REMOVE_EMOJI]",
    };

    private IEnumerable<Option> All => [_voice, _speed, _seed, _cfgScale, _steps, _removeMarkdown, _removeEmoji];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What they say; neither text nor format.</summary>
    public SpeechInput Read(ParseResult result) =>
        new()
        {
            Voice = result.GetValue(_voice),
            Speed = result.GetValue(_speed),
            Seed = result.GetValue(_seed),
            CfgScale = result.GetValue(_cfgScale),
            InferenceSteps = result.GetValue(_steps),
            RemoveMarkdown = result.GetValue(_removeMarkdown) ? true : null,
            RemoveEmoji = result.GetValue(_removeEmoji) ? true : null,
        };
}
