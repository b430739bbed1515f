using System.Numerics;
using System.Runtime.InteropServices;

namespace VibeVoice.Server.Speech.Preview;

/// <summary>
/// Streaming change of sample rate by a rational factor: a polyphase windowed-sinc filter, linear phase, its delay
/// taken out. espeak-ng speaks at 22,050 Hz and everything after it expects the model's rate.
/// </summary>
/// <remarks>Any chunking of the input gives the same output. For one stream, from one thread.</remarks>
internal sealed class Resampler
{
    /// <summary>Input samples that weigh in on one output sample; a multiple of every vector width.</summary>
    private const int Taps = 48;

    /// <summary>Share of the lower Nyquist frequency that passes; the rest is the filter's slope.</summary>
    private const double PassBand = 0.92;

    private const double KaiserBeta = 9;

    private readonly int _up;
    private readonly int _down;
    private readonly float[][] _phases;
    private readonly float[] _history = new float[Taps];
    private readonly List<float> _output = [];
    private long _position; // Of the next output sample, in units of 1/_up input samples.
    private long _consumed; // Input samples seen.

    public Resampler(int fromHz, int toHz)
    {
        var divisor = (int)BigInteger.GreatestCommonDivisor(fromHz, toHz);
        _up = toHz / divisor;
        _down = fromHz / divisor;
        var cutoff = PassBand * Math.Min(1, (double)toHz / fromHz);
        _phases = [.. Enumerable.Range(0, _up).Select(phase => MakePhase((double)phase / _up, cutoff))];
    }

    /// <summary>Takes samples in and returns those that came out; valid until the next call.</summary>
    public ReadOnlySpan<float> Process(ReadOnlySpan<float> input)
    {
        _output.Clear();
        foreach (var sample in input)
        {
            Push(sample);
        }

        return CollectionsMarshal.AsSpan(_output);
    }

    /// <summary>The last samples, after the input's end.</summary>
    public ReadOnlySpan<float> Flush()
    {
        _output.Clear();
        var end = _consumed * _up;
        for (var i = 0; i < Taps / 2; i++)
        {
            Push(0, end);
        }

        return CollectionsMarshal.AsSpan(_output);
    }

    private void Push(float sample, long end = long.MaxValue)
    {
        _history.AsSpan(1).CopyTo(_history);
        _history[^1] = sample;
        _consumed++;
        // Half the window must have come after an output sample: it lies between the two samples in the middle.
        var middle = (_consumed - (Taps / 2) - 1) * _up;
        for (; _position < middle + _up && _position < end; _position += _down)
        {
            _output.Add(Dot(_history, _phases[_position - middle]));
        }
    }

    private static float Dot(ReadOnlySpan<float> samples, ReadOnlySpan<float> taps)
    {
        var sum = Vector<float>.Zero;
        for (var i = 0; i < Taps; i += Vector<float>.Count)
        {
            sum += new Vector<float>(samples[i..]) * new Vector<float>(taps[i..]);
        }

        return Vector.Sum(sum);
    }

    private static float[] MakePhase(double fraction, double cutoff)
    {
        var taps = new float[Taps];
        var sum = 0.0;
        for (var i = 0; i < Taps; i++)
        {
            // Distance of tap i from the output's place; the tap at Taps / 2 − 1 is the sample just before it.
            var distance = i - ((Taps / 2) - 1) - fraction;
            var weight = Sinc(distance * cutoff) * Kaiser(distance / (Taps / 2.0));
            taps[i] = (float)weight;
            sum += weight;
        }

        for (var i = 0; i < Taps; i++)
        {
            taps[i] = (float)(taps[i] / sum);
        }

        return taps;
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    private static double Kaiser(double x) =>
        Math.Abs(x) >= 1 ? 0 : BesselI0(KaiserBeta * Math.Sqrt(1 - (x * x))) / BesselI0(KaiserBeta);

    private static double BesselI0(double x)
    {
        var sum = 1.0;
        var term = 1.0;
        for (var k = 1; term > sum * 1e-12; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
