namespace VibeVoice.Benchmarks.Measuring;

/// <summary>Repeated measurements of one thing.</summary>
internal sealed class Sample(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    public double Median =>
        _sorted.Length % 2 == 1
            ? _sorted[_sorted.Length / 2]
            : (_sorted[(_sorted.Length / 2) - 1] + _sorted[_sorted.Length / 2]) / 2;

    /// <summary>Whether there is more than one value: one has no spread to show.</summary>
    public bool IsRepeated => _sorted.Length > 1;

    public double Min => _sorted[0];

    public double Max => _sorted[^1];

    /// <summary>Measures several things in turns, so that what else the machine does falls on all alike.</summary>
    /// <param name="runs">Turns that count.</param>
    /// <param name="warmUps">Turns before them.</param>
    /// <param name="measures">Each makes one measurement.</param>
    public static async Task<IReadOnlyList<Sample>> InTurnsAsync(
        int runs,
        int warmUps,
        params IReadOnlyList<Func<Task<double>>> measures
    )
    {
        var values = measures.Select(_ => new List<double>(runs)).ToList();
        var forth = Enumerable.Range(0, measures.Count);
        for (var run = -warmUps; run < runs; run++)
        {
            // There and back, so that no measure always follows the same other one.
            foreach (var i in run % 2 == 0 ? forth : forth.Reverse())
            {
                var value = await measures[i]();
                if (run >= 0)
                {
                    values[i].Add(value);
                }
            }
        }

        return [.. values.Select(list => new Sample(list))];
    }
}
