using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Native;
using VibeVoice.Text;

namespace VibeVoice.Development;

/// <summary>Measures what weights of 8 and 4 bits cost: each part alone, all of them, and mixtures.</summary>
/// <remarks>
/// Every part is fed with the numbers of a recorded run, or of a run of the same checkpoint with exact weights, so that what
/// it gets wrong is its own. Thread-safe; nothing to dispose. On the processor, one engine in memory at a time.
/// </remarks>
public static class PrecisionMeasurement
{
    private static readonly Choice[] Choices =
    [
        new(PrecisionPart.Language, ModelPrecision.Float32, ModelPrecision.Int8, "text", "speech"),
        new(PrecisionPart.Language, ModelPrecision.Float32, ModelPrecision.Int4, "text", "speech"),
        new(PrecisionPart.Sampler, ModelPrecision.Float32, ModelPrecision.Int8, "sampler"),
        new(PrecisionPart.Sampler, ModelPrecision.Float32, ModelPrecision.Int4, "sampler"),
        new(PrecisionPart.Decoder, ModelPrecision.Float32, ModelPrecision.Int8, "decoder"),
        new(PrecisionPart.Decoder, ModelPrecision.Float32, ModelPrecision.Int4, "decoder"),
        new(PrecisionPart.All, ModelPrecision.Float32, ModelPrecision.Float32),
        new(PrecisionPart.All, ModelPrecision.Int8, ModelPrecision.Int8),
        new(PrecisionPart.All, ModelPrecision.Int4, ModelPrecision.Int4),
        new(PrecisionPart.Mixture, ModelPrecision.Int8, ModelPrecision.Int4, "decoder"),
        new(PrecisionPart.Mixture, ModelPrecision.Int8, ModelPrecision.Float32, "speech"),
        new(PrecisionPart.Mixture, ModelPrecision.Int8, ModelPrecision.Float32, "text", "speech"),
    ];

    /// <summary>
    /// What is compared, in the order of computation: conditions after the reference's latents were fed back, latents of the
    /// reference's conditions and noise, audio of the reference's latents, of those latents, and of latents of those conditions,
    /// and latents and audio of a run that is fed by nothing.
    /// </summary>
    public static IReadOnlyList<string> Quantities => PartRun.Quantities;

    /// <summary>Measures.</summary>
    /// <param name="options">What.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <returns>All cases.</returns>
    /// <exception cref="ModelFormatException">A file is missing, or is not what it should be.</exception>
    /// <exception cref="WeightMismatchException">The recorded run or the voice is of another checkpoint.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one frame or thread.</exception>
    public static Task<PrecisionReport> RunAsync(
        PrecisionMeasurementOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Frames, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads ?? 1, 1, nameof(options));
        return Task.Run(() => Run(options, cancellationToken), cancellationToken);
    }

    private static PrecisionReport Run(PrecisionMeasurementOptions options, CancellationToken cancellationToken)
    {
        using var checkpoint = Checkpoint.Open(options.Model);
        var voice = VoicePreset.Load(options.Voice, checkpoint.Config);
        var reference = options.Recorded is { } recorded
            ? PrecisionReference.Of(recorded, checkpoint.Config, options.Frames)
            : Speak(options, checkpoint, voice, cancellationToken);
        var cases = new List<PrecisionCase>();
        foreach (var choice in Choices.Where(choice => options.Part is null || choice.Part == options.Part))
        {
            using var engine = Load(checkpoint, options, choice.Precisions, cancellationToken);
            using var run = new PartRun(engine, voice, reference);
            var all = Choice.Roots.Sum(engine.WeightBytesOf);
            var part = choice.RootsOfPart.Sum(engine.WeightBytesOf);
            cases.Add(new PrecisionCase(choice.Part, choice.Name, part, all, run.Run(cancellationToken)));
            options.OnCase?.Invoke(cases[^1]);
        }

        return new PrecisionReport(reference.Frames, options.Recorded is not null, cases);
    }

    private static PrecisionReference Speak(
        PrecisionMeasurementOptions options,
        Checkpoint checkpoint,
        VoicePreset voice,
        CancellationToken cancellationToken
    )
    {
        var tokenizer = TextTokenizer.Load(options.TokenizerFolder ?? options.Model);
        using var exact = Load(checkpoint, options, PartPrecisions.All(ModelPrecision.Float32), cancellationToken);
        return PrecisionReference.Speak(exact, voice, tokenizer.Encode, options.Frames, cancellationToken);
    }

    private static NativeEngine Load(
        Checkpoint checkpoint,
        PrecisionMeasurementOptions options,
        PartPrecisions precisions,
        CancellationToken cancellationToken
    ) =>
        NativeEngine.Load(
            checkpoint,
            new NativeOptions(options.Threads ?? Environment.ProcessorCount, precisions),
            cancellationToken
        );

    /// <param name="Part">What it is a case of.</param>
    /// <param name="Whole">Of all parts that are not named.</param>
    /// <param name="Own">Of those that are.</param>
    /// <param name="Named">Which ones.</param>
    private sealed record Choice(PrecisionPart Part, ModelPrecision Whole, ModelPrecision Own, params string[] Named)
    {
        private static readonly Dictionary<string, string> _roots = new(StringComparer.Ordinal)
        {
            ["text"] = "model.language_model.",
            ["speech"] = "model.tts_language_model.",
            ["sampler"] = "model.prediction_head.",
            ["decoder"] = "model.acoustic_tokenizer.decoder.",
        };

        public string Name => string.Join(',', Named.Select(part => $"{part}={Word(Own)}").Prepend(Word(Whole)));

        public PartPrecisions Precisions => new(Of("text"), Of("speech"), Of("sampler"), Of("decoder"));

        /// <summary>Where weights of all parts are.</summary>
        public static IEnumerable<string> Roots => _roots.Values;

        /// <summary>Where those of the part are.</summary>
        public IEnumerable<string> RootsOfPart =>
            Named.Length == 0 || Part == PrecisionPart.Mixture ? Roots : Named.Select(part => _roots[part]);

        private ModelPrecision Of(string part) => Named.Contains(part) ? Own : Whole;

        private static string Word(ModelPrecision precision) => precision.ToString().ToLowerInvariant();
    }
}
