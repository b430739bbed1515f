namespace VibeVoice.Generation;

/// <summary>Gaussian noise from a counter: number i of frame f follows from the seed alone, on every machine.</summary>
internal sealed class SeededNoise(ulong seed) : INoiseSource
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private readonly ulong _key = Mix(seed + Golden);

    public void Fill(int frame, Span<float> noise)
    {
        var start = Mix(_key ^ Mix((ulong)frame));
        for (var i = 0; i < noise.Length; i++)
        {
            // Box–Muller, one number of each pair: the work is nothing beside a frame, and the formula stays plain.
            var first = (Bits(start, (2 * (ulong)i) + 1) + 1) * (1.0 / (1UL << 53)); // (0, 1]
            var second = Bits(start, (2 * (ulong)i) + 2) * (1.0 / (1UL << 53)); // [0, 1)
            noise[i] = (float)(Math.Sqrt(-2 * Math.Log(first)) * Math.Cos(2 * Math.PI * second));
        }
    }

    private static ulong Bits(ulong start, ulong counter) => Mix(start + (counter * Golden)) >> 11;

    // splitmix64
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
