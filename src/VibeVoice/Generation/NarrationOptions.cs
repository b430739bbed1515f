using VibeVoice.Checkpoints;
using VibeVoice.Text.Chunks;
using static System.FormattableString;

namespace VibeVoice.Generation;

/// <summary>What one speech asks for, checked and made out in the sizes of the model.</summary>
/// <param name="Run">Of each chunk.</param>
/// <param name="Text">How the text is prepared.</param>
/// <param name="LongText">How it is split; null for one piece.</param>
/// <param name="ChunkTokens">The most tokens that a chunk is planned with.</param>
/// <param name="ChunkFrames">Where a chunk that does not end is stopped, in frames.</param>
/// <param name="FramesPerHandOver">The most frames that are computed at one ask.</param>
internal sealed record NarrationOptions(
    SpeechRunOptions Run,
    TextOptions Text,
    LongTextOptions? LongText,
    int ChunkTokens,
    int ChunkFrames,
    int FramesPerHandOver
)
{
    /// <summary>Where the speech is taken up; null for its beginning.</summary>
    public SpeechPosition? From { get; init; }

    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static NarrationOptions Create(SpeakOptions options, VoicePreset voice, ModelConfig config)
    {
        var run = SpeechRunOptions.Create(options, config.Diffusion);
        if (FindProblem(options, voice, config) is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        var together = options.FramesPerHandOver;
        if (options.LongText is not { } longText)
        {
            return new NarrationOptions(run, options.Text, null, int.MaxValue, int.MaxValue, together)
            {
                From = options.From,
            };
        }

        var frames = CountFrames(longText, config);
        var tokens = CountTokens(longText, frames, voice, config);
        return new NarrationOptions(run, options.Text, longText, tokens, frames, together) { From = options.From };
    }

    /// <summary>A script of this preparation and budget.</summary>
    /// <param name="countTokens">Tokens of a piece of text.</param>
    public SpeechScript CreateScript(Func<string, int> countTokens) =>
        new(Text, LongText is null ? _ => 0 : countTokens, ChunkTokens);

    /// <summary>Silence after a chunk, beside what the text itself asks for.</summary>
    public TimeSpan SilenceAfter(ChunkBoundary boundary) =>
        boundary switch
        {
            ChunkBoundary.Paragraph => LongText!.ParagraphPause,
            ChunkBoundary.Sentence => LongText!.SentencePause,
            ChunkBoundary.Clause => LongText!.ClausePause,
            _ => TimeSpan.Zero,
        };

    private static string? FindProblem(SpeakOptions options, VoicePreset voice, ModelConfig config)
    {
        if (options.Text.LongestPause < TimeSpan.Zero)
        {
            return $"LongestPause is {options.Text.LongestPause}, but must not be negative.";
        }

        if (options.From is { } from && (from.Chunks < 0 || from.FramesComputed < 0 || from.TokensRead < 0))
        {
            return $"From is {from}, but none of its numbers may be negative.";
        }

        if (options.FramesPerHandOver is < 1 or > SpeakOptions.MostFramesPerHandOver)
        {
            return $"FramesPerHandOver is {options.FramesPerHandOver}, but must be from 1 to "
                + $"{SpeakOptions.MostFramesPerHandOver}.";
        }

        if (options.LongText is not { } longText)
        {
            return null;
        }

        foreach (var pause in new[] { longText.ParagraphPause, longText.SentencePause, longText.ClausePause })
        {
            if (pause < TimeSpan.Zero)
            {
                return $"A pause between chunks is {pause}, but must not be negative.";
            }
        }

        if (!(longText.FramesPerToken > 0 && double.IsFinite(longText.FramesPerToken)))
        {
            return Invariant($"FramesPerToken is {longText.FramesPerToken}, but must be a number above 0.");
        }

        if (longText.MaxChunkDuration is { } duration && CountFrames(longText, config) < 1)
        {
            return $"MaxChunkDuration is {duration}, but must be one frame of the model at least.";
        }

        return longText.PositionBudget <= voice.Speech.Length
            ? $"PositionBudget is {longText.PositionBudget}, but the prompt of the voice '{voice.Name}' alone has "
                + $"{voice.Speech.Length} positions."
            : null;
    }

    private static int CountFrames(LongTextOptions options, ModelConfig config) =>
        options.MaxChunkDuration is { } duration
            ? (int)
                Math.Min(Silence.Samples(duration, config.SampleRateHz) / config.Acoustic.SamplesPerFrame, int.MaxValue)
            : int.MaxValue;

    // Each token takes a position and, later, so many frames, each of which takes one too. One is kept for the newline
    // that ends every chunk.
    private static int CountTokens(LongTextOptions options, int frames, VoicePreset voice, ModelConfig config)
    {
        var positions = Math.Min(options.PositionBudget ?? int.MaxValue, config.Language.MaxPositions);
        var byPositions = (positions - voice.Speech.Length) / (1 + options.FramesPerToken);
        var byDuration = frames / options.FramesPerToken;
        return Math.Max(1, (int)Math.Min(byPositions, byDuration) - 1);
    }
}
