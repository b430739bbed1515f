namespace VibeVoice.Generation;

/// <summary>DPM-Solver++ 2M, midpoint, v-prediction, on the cosine schedule: all numbers of N steps, made once.</summary>
/// <remarks>
/// Betas, ᾱ and σ are rounded to float32 where the reference rounds them; what follows from σ is computed in float64.
/// </remarks>
internal sealed class SolverSchedule
{
    private const double LargestBeta = 0.999;
    private const double CosineOffset = 0.008;

    private SolverSchedule(IReadOnlyList<int> timesteps, IReadOnlyList<float> sigmas)
    {
        Timesteps = timesteps;
        Sigmas = sigmas;
        Steps = [.. Enumerable.Range(0, timesteps.Count).Select(CreateStep)];
    }

    /// <summary>Falling, without the last 0: <c>[N]</c>.</summary>
    public IReadOnlyList<int> Timesteps { get; }

    /// <summary>Noise levels at the timesteps, then 0: <c>[N + 1]</c>.</summary>
    public IReadOnlyList<float> Sigmas { get; }

    public IReadOnlyList<SolverStep> Steps { get; }

    /// <param name="steps">N, from 1 to one less than the training steps.</param>
    /// <param name="trainingSteps">Steps of the schedule that the model was trained on.</param>
    public static SolverSchedule Create(int steps, int trainingSteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(steps, trainingSteps);
        var levels = NoiseLevels(trainingSteps);
        var spacing = (trainingSteps - 1) / (double)steps;
        int[] timesteps =
        [
            .. Enumerable
                .Range(1, steps)
                .Reverse()
                .Select(i => i == steps ? trainingSteps - 1 : (int)Math.Round(i * spacing, MidpointRounding.ToEven)),
        ];
        return new SolverSchedule(timesteps, [.. timesteps.Select(timestep => levels[timestep]), 0f]);
    }

    private static float[] NoiseLevels(int trainingSteps)
    {
        var levels = new float[trainingSteps];
        var product = 1.0;
        for (var i = 0; i < trainingSteps; i++)
        {
            var ratio = SignalPower((i + 1.0) / trainingSteps) / SignalPower((double)i / trainingSteps);
            var beta = (float)Math.Min(1 - ratio, LargestBeta);
            product *= 1 - beta; // float32 factors, summed up in float64 and rounded, as PyTorch's cumprod
            var signal = (float)product;
            levels[i] = MathF.Sqrt((1 - signal) / signal);
        }

        return levels;
    }

    private static double SignalPower(double time)
    {
        var cosine = Math.Cos((time + CosineOffset) / (1 + CosineOffset) * Math.PI / 2);
        return cosine * cosine;
    }

    private SolverStep CreateStep(int k)
    {
        var (alpha, sigma) = Scales(Sigmas[k]);
        var (nextAlpha, nextSigma) = Scales(Sigmas[k + 1]);
        var logRatio = Math.Log(alpha) - Math.Log(sigma);
        var h = Math.Log(nextAlpha) - Math.Log(nextSigma) - logRatio; // ∞ in the last step
        var prediction = -nextAlpha * (Math.Exp(-h) - 1);
        var difference = 0.0;
        if (k > 0 && k < Timesteps.Count - 1)
        {
            var (previousAlpha, previousSigma) = Scales(Sigmas[k - 1]);
            var r0 = (logRatio - (Math.Log(previousAlpha) - Math.Log(previousSigma))) / h;
            difference = prediction / (2 * r0);
        }

        return new SolverStep(
            Timesteps[k],
            (float)alpha,
            (float)sigma,
            (float)(nextSigma / sigma),
            (float)prediction,
            (float)difference
        );
    }

    private static (double Alpha, double Sigma) Scales(double level)
    {
        var alpha = 1 / Math.Sqrt((level * level) + 1);
        return (alpha, level * alpha);
    }
}

/// <summary>z ← LatentFactor·z + PredictionFactor·x0 + DifferenceFactor·(x0 − x0′), where x0 = Alpha·z − Sigma·v.</summary>
internal sealed record SolverStep(
    int Timestep,
    float Alpha,
    float Sigma,
    float LatentFactor,
    float PredictionFactor,
    float DifferenceFactor
);
