namespace VibeVoice.Development;

/// <summary>Adds up how far rows are from what they should be.</summary>
internal sealed class SignalToNoise(string quantity)
{
    private const double QuietestShare = 1e-4; // −40 dB

    private readonly List<(double Signal, double Noise)> _rows = [];
    private double _difference;
    private double _peak;

    public void Add(ReadOnlySpan<float> row, ReadOnlySpan<float> expected)
    {
        var (signal, noise) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = (double)row[i] - expected[i];
            signal += (double)expected[i] * expected[i];
            noise += difference * difference;
            _difference = Math.Abs(difference) <= _difference ? _difference : Math.Abs(difference); // NaN stays
            _peak = Math.Max(_peak, Math.Abs(expected[i]));
        }

        _rows.Add((signal, noise));
    }

    public PrecisionError Finish()
    {
        var floor = QuietestShare * _rows.Average(row => row.Signal);
        double[] decibels = [.. _rows.Select(row => Decibels(Math.Max(row.Signal, floor), row.Noise))];
        var worst = Array.FindIndex(decibels, double.IsNaN) is >= 0 and var none
            ? none
            : Array.IndexOf(decibels, decibels.Min());
        return new PrecisionError(
            quantity,
            _difference == 0 ? 0 : _difference / _peak,
            Decibels(_rows.Sum(row => row.Signal), _rows.Sum(row => row.Noise)),
            decibels[worst],
            worst
        );
    }

    private static double Decibels(double signal, double noise) =>
        noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
}
