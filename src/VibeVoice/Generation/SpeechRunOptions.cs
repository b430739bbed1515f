using VibeVoice.Checkpoints;

namespace VibeVoice.Generation;

/// <summary>What one request asks of the loop.</summary>
internal sealed record SpeechRunOptions(float Guidance, SolverSchedule Schedule, INoiseSource Noise)
{
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static SpeechRunOptions Create(SpeakOptions options, DiffusionConfig diffusion)
    {
        var steps = options.DiffusionSteps ?? diffusion.DefaultInferenceSteps;
        if (steps < 1 || steps >= diffusion.TrainingSteps)
        {
            throw new ArgumentException(
                $"{steps} diffusion steps were asked for; from 1 to {diffusion.TrainingSteps - 1} are possible.",
                nameof(options)
            );
        }

        if (!float.IsFinite(options.Guidance))
        {
            throw new ArgumentException($"A guidance of {options.Guidance} is not a number.", nameof(options));
        }

        return new SpeechRunOptions(
            options.Guidance,
            SolverSchedule.Create(steps, diffusion.TrainingSteps),
            options.Noise ?? new SeededNoise(options.Seed)
        );
    }
}
