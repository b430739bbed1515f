using System.Runtime.CompilerServices;
using System.Text;
using VibeVoice.Text.Chunks;
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

    /// <summary>Prepares a text while it is being written.</summary>
    /// <param name="text">Pieces of text, cut anywhere.</param>
    /// <param name="options">How; the defaults when null.</param>
    /// <param name="cancellationToken">Stops while text is awaited.</param>
    /// <returns>
    /// Prepared text, as soon as no later text can change it, and pauses, each with an empty text. Joined, they are what
    /// <see cref="Prepare"/> makes of the whole.
    /// </returns>
    /// <exception cref="PauseTooLongException">The text has come to a longer pause than the options allow.</exception>
    public static IAsyncEnumerable<TextStretch> PrepareAsync(
        IAsyncEnumerable<string> text,
        TextOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        return PrepareAsync(new TextPreparation(options ?? new TextOptions()), text, cancellationToken);
    }

    /// <summary>
    /// Splits a text into parts of a bounded length, at the places where a long text is split for speaking: a paragraph
    /// from half of the bound on, a sentence from three quarters, a clause from nine tenths, else a word.
    /// </summary>
    /// <param name="text">As it was written. What asks for a pause stays in it as text.</param>
    /// <param name="maxCharacters">The most Unicode scalars of a part, from 64.</param>
    /// <returns>
    /// The parts in order, prepared as <see cref="TextOptions"/> says for all texts; none is empty, and there are none when
    /// there is nothing to say. Joined, they are the prepared text without the white space between them.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The bound is below 64: a part could not keep to it.</exception>
    public static IReadOnlyList<TextPart> Split(string text, int maxCharacters)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCharacters, AtomReader.MaxLength);
        var script = new SpeechScript(new TextOptions { ReadPauses = false }, CountCharacters, maxCharacters);
        var parts = new List<TextPart>();
        var words = new StringBuilder();
        foreach (var step in script.Append(text).Concat(script.Finish()))
        {
            words.Append(step.Text);
            if (step.Kind == ScriptPartKind.End)
            {
                parts.Add(new TextPart(words.ToString(), step.Boundary));
                words.Clear();
            }
        }

        return parts;

        static int CountCharacters(string piece) => piece.EnumerateRunes().Count();
    }

    private static async IAsyncEnumerable<TextStretch> PrepareAsync(
        TextPreparation preparation,
        IAsyncEnumerable<string> text,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var piece in text.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            foreach (var prepared in preparation.Append(piece))
            {
                yield return new TextStretch(prepared.Text, prepared.Pause ?? TimeSpan.Zero);
            }
        }

        foreach (var prepared in preparation.Finish())
        {
            yield return new TextStretch(prepared.Text, prepared.Pause ?? TimeSpan.Zero);
        }
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

/// <summary>A part of a text that was split.</summary>
/// <param name="Text">Prepared; never empty.</param>
/// <param name="End">What ends it.</param>
/// <remarks>A value: safe to share between threads, nothing to dispose.</remarks>
public readonly record struct TextPart(string Text, ChunkBoundary End);
