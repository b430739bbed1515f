using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

/// <summary>A random layer in panels, and what those panels hold by the definition of their format, as plain arrays.</summary>
internal sealed unsafe class PlainPanels : IDisposable
{
    private readonly NativeArray<byte> _data;
    private readonly NativeArray<float>? _bias;

    public PlainPanels(PanelFormat format, int inputs, int outputs, int seed, bool hasBias = false)
    {
        var random = new Random(seed);
        (Inputs, Outputs) = (inputs, Panels.Padded(outputs));
        Blocks = Panels.BlocksOf(inputs);
        Weights = new float[Outputs, inputs];
        Numbers = new sbyte[Outputs, Blocks * Int8Panels.Block];
        Scales = new float[Outputs, Blocks];
        Bias = new float[Outputs];
        if (hasBias)
        {
            _bias = new NativeArray<float>(Outputs);
        }

        for (var output = 0; output < outputs; output++)
        {
            var size = MathF.Pow(10, (float)((random.NextDouble() * 4) - 3)); // of an output: none loses to its neighbours
            for (var input = 0; input < inputs; input++)
            {
                Weights[output, input] = TopHalf(size * (float)((random.NextDouble() * 2) - 1));
            }

            Bias[output] = hasBias ? (float)random.NextDouble() : 0;
            if (hasBias)
            {
                _bias!.Start[output] = Bias[output];
            }
        }

        Layer = new LinearLayer(format, inputs, outputs, _bias is null ? null : _bias.Start);
        _data = new NativeArray<byte>(Layer.Bytes);
        Layer.Data = _data.Start;
        for (var panel = 0; panel < Layer.PanelCount; panel++)
        {
            var rows = new float[Panels.Outputs * inputs];
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i] = Weights[(panel * Panels.Outputs) + (i / inputs), i % inputs];
            }

            PanelWriter.Write(format, rows, inputs, Layer.Data + (panel * Layer.PanelBytes));
        }

        if (format.IsQuantized())
        {
            Quantize(format == PanelFormat.Int8 ? 127 : 7);
        }
    }

    public LinearLayer Layer { get; }

    public int Inputs { get; }

    /// <summary>Padded.</summary>
    public int Outputs { get; }

    public int Blocks { get; }

    /// <summary>As the panels hold them: rounded, where the format rounds.</summary>
    public float[,] Weights { get; }

    public float[] Bias { get; }

    /// <summary>The integers of a format that rounds, blocks padded with zeros.</summary>
    public sbyte[,] Numbers { get; }

    /// <summary>Of each output and block.</summary>
    public float[,] Scales { get; }

    /// <summary>x · Wᵀ + b in float64.</summary>
    public double Product(ReadOnlySpan<float> x, int output)
    {
        double sum = Bias[output];
        for (var input = 0; input < Inputs; input++)
        {
            sum += (double)x[input] * Weights[output, input];
        }

        return sum;
    }

    /// <summary>How far 16-bit activations and float32 sums may lead away from <see cref="Product"/>.</summary>
    public double Allowance(ReadOnlySpan<float> x, int output)
    {
        double sum = Math.Abs(Bias[output]) * 1e-6;
        for (var block = 0; block < Blocks; block++)
        {
            var (start, end) = (block * Int8Panels.Block, Math.Min(Inputs, (block + 1) * Int8Panels.Block));
            double largest = 0;
            for (var input = start; input < end; input++)
            {
                largest = Math.Max(largest, Math.Abs(x[input]));
            }

            for (var input = start; input < end; input++)
            {
                var rounding = Layer.Format.IsQuantized() ? largest / 32768 : 0;
                sum += Math.Abs(Weights[output, input]) * (rounding + (Math.Abs(x[input]) * 2e-6));
            }
        }

        return sum;
    }

    public void Dispose()
    {
        _data.Dispose();
        _bias?.Dispose();
    }

    private void Quantize(int limit)
    {
        for (var output = 0; output < Outputs; output++)
        {
            for (var input = 0; input < Inputs; input++)
            {
                var block = input / Int8Panels.Block;
                if (input % Int8Panels.Block == 0)
                {
                    float largest = 0;
                    for (var i = input; i < Math.Min(Inputs, input + Int8Panels.Block); i++)
                    {
                        largest = Math.Max(largest, Math.Abs(Weights[output, i]));
                    }

                    Scales[output, block] = largest / limit;
                }

                var scale = Scales[output, block];
                Numbers[output, input] = scale > 0 ? (sbyte)MathF.Round(Weights[output, input] / scale) : (sbyte)0;
                Math.Abs((int)Numbers[output, input]).ShouldBeLessThanOrEqualTo(limit);
                Weights[output, input] = Numbers[output, input] * scale;
            }
        }
    }

    // As bf16 stores it, so that no format but the integers rounds.
    private static float TopHalf(float number) =>
        BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(number) & 0xFFFF0000);
}
