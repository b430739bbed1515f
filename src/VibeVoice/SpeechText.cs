using VibeVoice.Text.Preparation;

namespace VibeVoice;

/// <summary>Prepares text as <see cref="VibeVoiceModel"/> does, for those who speak it with something else.</summary>
/// <remarks>Thread-safe; nothing to dispose.</remarks>
public static class SpeechText
{
    /// <summary>Prepares a whole text.</summary>
    /// <param name="text">As it was written.</param>
    /// <param name="options">How; the defaults when null.</param>
    /// <returns>
    /// What is to be said, in the stretches between its pauses; at least one, which is empty when there is nothing to
    /// say.
    /// </returns>
    /// <exception cref="PauseTooLongException">The text asks for a longer pause than the options allow.</exception>
    public static IReadOnlyList<TextStretch> Prepare(string text, TextOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var preparation = new TextPreparation(options ?? new TextOptions());
        var stretches = new List<TextStretch> { new("", TimeSpan.Zero) };
        var isOpen = true;
        foreach (var piece in preparation.Append(text).Concat(preparation.Finish()))
        {
            var last = stretches[^1];
            if (piece.Pause is { } pause)
            {
                stretches[^1] = last with { Pause = last.Pause + pause };
                isOpen = false;
            }
            else if (isOpen)
            {
                stretches[^1] = last with { Text = last.Text + piece.Text };
            }
            else
            {
                stretches.Add(new TextStretch(piece.Text, TimeSpan.Zero));
                isOpen = true;
            }
        }

        return stretches;
    }
}

/// <summary>Prepared text, and the pause after it.</summary>
/// <param name="Text">Empty where the whole text begins with a pause.</param>
/// <param name="Pause">From zero; pauses that follow each other are one.</param>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public readonly record struct TextStretch(string Text, TimeSpan Pause)
{
    /// <summary>How many samples the pause has.</summary>
    /// <param name="sampleRateHz">Samples per second.</param>
    /// <returns>The whole number that is nearest.</returns>
    public long CountPauseSamples(int sampleRateHz) => Generation.Silence.Samples(Pause, sampleRateHz);
}
