using System.Globalization;
using VibeVoice.Generation;

namespace VibeVoice.Development;

/// <summary>One replay: the loop of <see cref="Speech"/> with the recorded noise, and a comparison at each station.</summary>
internal sealed class RunReplay
{
    private readonly RecordedRun _recorded;
    private readonly VibeVoiceModel _model;
    private readonly ModelVoice _voice;
    private readonly SpeechRunOptions _options;
    private readonly int _frames;
    private readonly Dictionary<string, QuantityComparison> _quantities = new(StringComparer.Ordinal);
    private float[]? _lastSpoken;

    public RunReplay(RecordedRun recorded, VibeVoiceModel model, ModelVoice voice)
    {
        _recorded = recorded;
        _model = model;
        _voice = voice;
        var config = voice.Config;
        var noise = recorded.Noise;
        _frames = Math.Min(noise.RowsOf(config.Diffusion.LatentSize), recorded.FramesComputed);
        try
        {
            var options = new SpeakOptions
            {
                Guidance = recorded.Guidance ?? new SpeakOptions().Guidance,
                DiffusionSteps = recorded.DiffusionSteps,
                Noise = new RecordedNoise(noise.Elements),
                LongText = null, // one run, whatever its length
            };
            _options = model.Planner.CreateOptions(voice, options).Run;
        }
        catch (ArgumentException exception)
        {
            throw new ModelFormatException($"'{recorded.Path}' cannot be replayed: {exception.Message}", exception);
        }

        foreach (var numbers in recorded.Quantities)
        {
            var width = numbers.Name switch
            {
                QuantityNames.Latent => config.Diffusion.LatentSize,
                QuantityNames.Audio or QuantityNames.LastAudio => config.Acoustic.SamplesPerFrame,
                QuantityNames.EndLogit => 1,
                _ => config.Language.HiddenSize,
            };
            _quantities.Add(numbers.Name, new QuantityComparison(numbers, width));
        }
    }

    public async Task<ReplayReport> RunAsync(CancellationToken cancellationToken)
    {
        using var engine = _model.Enter();
        var ownTokens = _model.Tokenize(_recorded.Text);
        var tokens = _recorded.TokenIds ?? ownTokens;
        var taken = 0;
        var scheduler = _model.Scheduler;
        using var run = await scheduler
            .OpenAsync(_voice.Preset, _options, firstFrame: 0, cancellationToken)
            .ConfigureAwait(false);
        while (run.End is null && run.FramesComputed < _frames)
        {
            var window = tokens[
                taken..(run.NeedsText ? Math.Min(taken + SpeechRun.TokensPerWindow, tokens.Length) : taken)
            ];
            taken += window.Length;
            await scheduler.RunAloneAsync(() => ComputeFrame(run, window), cancellationToken).ConfigureAwait(false);
        }

        if (_lastSpoken is not null)
        {
            Compare(QuantityNames.LastAudio, _lastSpoken);
        }

        return Report(run, tokens.Length, ownTokens);
    }

    private void ComputeFrame(SpeechRun run, int[] window)
    {
        run.ReadText(window);
        Compare(QuantityNames.TextHidden, run.TextHidden);
        Compare(QuantityNames.SpeechTextHidden, run.SpeechHidden);
        if (run.End is not null)
        {
            return; // the text found no room
        }

        Compare(QuantityNames.Condition, run.Condition);
        Compare(QuantityNames.NegativeCondition, run.NegativeCondition);
        _lastSpoken = run.NextFrame() ?? _lastSpoken;
        Compare(QuantityNames.Latent, run.Latent);
        Compare(QuantityNames.Audio, run.Samples);
        if (run.End != SpeechEndReason.PositionLimit) // else the latent found no room
        {
            Compare(QuantityNames.SpeechHidden, run.Condition);
            Compare(QuantityNames.NegativeHidden, run.NegativeCondition);
            Compare(QuantityNames.EndLogit, [run.EndLogit]);
        }
    }

    private void Compare(string quantity, ReadOnlySpan<float> rows) =>
        _quantities.GetValueOrDefault(quantity)?.AddRows(rows);

    private ReplayReport Report(SpeechRun run, int tokens, int[] ownTokens)
    {
        // A synthetic checkpoint knows no words: what its tokenizer makes of a text says nothing.
        bool? tokensAreEqual = _model.KnowsWords ? _recorded.TokenIds?.SequenceEqual(ownTokens) : null;
        // A recording may stop inside the window in which speech ended.
        var hasEnded = run.FramesPutOut < run.FramesComputed || run.EndLogit > 0;
        var end = run.End ?? (hasEnded ? SpeechEndReason.EndOfSpeech : null);
        QuantityError[] errors = [.. _recorded.Quantities.Select(numbers => _quantities[numbers.Name].Finish())];
        return new ReplayReport(
            run.FramesComputed,
            run.FramesPutOut,
            end,
            tokens,
            tokensAreEqual,
            errors,
            [
                .. TokenDifferences(tokensAreEqual, ownTokens),
                .. Differences(run, end),
                .. errors.Where(error => !error.IsWithinTolerance).Select(Describe),
            ]
        );
    }

    private IEnumerable<string> TokenDifferences(bool? areEqual, int[] ownTokens)
    {
        if (areEqual == false && _recorded.TokenIds is { } ids)
        {
            var same = ids.Zip(ownTokens).TakeWhile(pair => pair.First == pair.Second).Count();
            yield return $"The tokenizer makes {ownTokens.Length} tokens of the text, but {ids.Length} are recorded; "
                + $"token {same} is the first that differs. The run was given the recorded ones.";
        }
    }

    private IEnumerable<string> Differences(SpeechRun run, SpeechEndReason? end)
    {
        if (run.FramesComputed != _recorded.FramesComputed)
        {
            yield return $"{run.FramesComputed} frames were computed, but {_recorded.FramesComputed} are recorded.";
        }

        if (_recorded.FramesSpoken is { } spoken && spoken != run.FramesPutOut)
        {
            yield return $"{run.FramesPutOut} frames were put out, but {spoken} are recorded.";
        }

        if (EndDiffers(end))
        {
            yield return "The run ended for another reason than the recorded one.";
        }
    }

    /// <summary>A recording says in several ways how it ended, or may not say it.</summary>
    private bool EndDiffers(SpeechEndReason? end)
    {
        var logits = _recorded.Quantities.FirstOrDefault(numbers => numbers.Name == QuantityNames.EndLogit)?.Elements;
        var saidEnd = logits is null
            ? _recorded.FramesSpoken < _recorded.FramesComputed
            : logits.Any(logit => logit > 0);
        return _recorded.ReachedLimit switch
        {
            true => end != SpeechEndReason.PositionLimit && !saidEnd,
            false when end == SpeechEndReason.PositionLimit => true,
            _ => (saidEnd && end != SpeechEndReason.EndOfSpeech)
                || (logits is not null && !saidEnd && end == SpeechEndReason.EndOfSpeech),
        };
    }

    private static string Describe(QuantityError error)
    {
        var unit = error.IsPerToken ? "token" : "frame";
        return error.Rows < error.RecordedRows
            ? $"{error.Name} was computed for {error.Rows} of {error.RecordedRows} recorded {unit}s."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{error.Name} is {error.Error:G3} of its peak away in {unit} {error.WorstRow}; at most {RecordedRun.Tolerance} is expected."
            );
    }
}
