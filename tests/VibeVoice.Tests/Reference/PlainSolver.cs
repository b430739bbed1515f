namespace VibeVoice.Tests.Reference;

/// <summary>DPM-Solver++ 2M on the cosine schedule, in float64 and straight from the formulas.</summary>
internal sealed class PlainSolver(int steps, int trainingSteps)
{
    /// <param name="predict">v at a latent and a timestep, after guidance.</param>
    public double[] Solve(double[] noise, Func<double[], double, double[]> predict)
    {
        var timesteps = Enumerable
            .Range(1, steps)
            .Reverse()
            .Select(i => Math.Round(i * ((trainingSteps - 1.0) / steps), MidpointRounding.ToEven))
            .ToArray();
        double[] sigmas = [.. timesteps.Select(t => Sigma((int)t)), 0];
        var z = noise;
        var previous = noise;
        for (var k = 0; k < steps; k++)
        {
            var v = predict(z, timesteps[k]);
            var (alpha, s) = Scales(sigmas[k]);
            var (nextAlpha, nextS) = Scales(sigmas[k + 1]);
            double[] x0 = [.. z.Select((value, i) => (alpha * value) - (s * v[i]))];
            var h = Lambda(sigmas[k + 1]) - Lambda(sigmas[k]);
            var factor = nextAlpha * (Math.Exp(-h) - 1);
            double[] next = [.. z.Select((value, i) => (nextS / s * value) - (factor * x0[i]))];
            if (k > 0 && k < steps - 1)
            {
                var r0 = (Lambda(sigmas[k]) - Lambda(sigmas[k - 1])) / h;
                next = [.. next.Select((value, i) => value - (0.5 * factor * (x0[i] - previous[i]) / r0))];
            }

            (z, previous) = (next, x0);
        }

        return z;
    }

    private double Sigma(int timestep)
    {
        var signal = 1.0;
        for (var i = 0; i <= timestep; i++)
        {
            signal *= 1 - Math.Min(1 - (Power((i + 1.0) / trainingSteps) / Power((double)i / trainingSteps)), 0.999);
        }

        return Math.Sqrt((1 - signal) / signal);
    }

    private static double Power(double u) => Math.Pow(Math.Cos((u + 0.008) / 1.008 * Math.PI / 2), 2);

    private static (double Alpha, double S) Scales(double sigma) =>
        (1 / Math.Sqrt((sigma * sigma) + 1), sigma / Math.Sqrt((sigma * sigma) + 1));

    private static double Lambda(double sigma) => -Math.Log(sigma);
}
