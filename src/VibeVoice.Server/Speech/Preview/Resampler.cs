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
    private readonly List<float> _output = [];
    private float[] _input = new float[Taps]; // The last Taps samples of before, then those that came now.
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
    public ReadOnlySpan<float> Process(ReadOnlySpan<float> input) => Process(input, end: long.MaxValue);

    /// <summary>The last samples, after the input's end.</summary>
    public ReadOnlySpan<float> Flush() => Process(stackalloc float[Taps / 2], end: _consumed * _up);

    private ReadOnlySpan<float> Process(scoped ReadOnlySpan<float> input, long end)
    {
        var length = Taps + input.Length;
        if (_input.Length < length)
        {
            Array.Resize(ref _input, length);
        }

        input.CopyTo(_input.AsSpan(Taps));
        var begin = _consumed - Taps; // Place of _input[0] in the whole input.
        _consumed += input.Length;
        _output.Clear();
        for (; _position < end; _position += _down)
        {
            // An output sample lies at or just after the input sample in the middle of its window.
            var (middle, phase) = Math.DivRem(_position, _up);
            var window = (int)(middle - ((Taps / 2) - 1) - begin);
            if (window + Taps > length)
            {
                break;
            }

            _output.Add(Dot(_input.AsSpan(window, Taps), _phases[phase]));
        }

        _input.AsSpan(input.Length, Taps).CopyTo(_input);
        return CollectionsMarshal.AsSpan(_output);
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
