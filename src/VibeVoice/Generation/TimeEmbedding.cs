namespace VibeVoice.Generation;

/// <summary>[cos(t·f), sin(t·f)] with f_j = exp(−ln(10000)·j / (size / 2)), in float32 as the reference.</summary>
internal static class TimeEmbedding
{
    private const double LongestPeriod = 10_000;

    public static float[] Create(int timestep, int size)
    {
        var half = size / 2;
        var embedding = new float[size];
        for (var j = 0; j < half; j++)
        {
            var frequency = MathF.Exp((float)-Math.Log(LongestPeriod) * j / half);
            embedding[j] = MathF.Cos(timestep * frequency);
            embedding[half + j] = MathF.Sin(timestep * frequency);
        }

        return embedding;
    }
}
