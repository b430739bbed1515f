using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

/// <summary>Whole layers, in every format and with every finish, on any number of threads, against plain loops.</summary>
public sealed unsafe class LinearLayerTests
{
    [Theory]
    [InlineData("Int8", 1)]
    [InlineData("Int8", 2)]
    [InlineData("Int4", 1)]
    [InlineData("Int4", 3)]
    [InlineData("BFloat16", 1)]
    [InlineData("BFloat16", 2)]
    [InlineData("Float32", 1)]
    [InlineData("Float32", 4)]
    public void A_layer_equals_plain_loops_whatever_its_size_its_rows_and_its_finish(string name, int threads)
    {
        var format = Enum.Parse<PanelFormat>(name);
        using var pool = new WorkerPool(threads);
        var linear = new LinearJob(pool.Main);
        var random = new Random(threads);
        var finishes = Enum.GetValues<Finish>();
        for (var i = 0; i < 42; i++)
        {
            Compare(
                linear,
                format,
                finishes[i % finishes.Length],
                inputs: random.Next(1, i % 5 == 0 ? 900 : 200),
                outputs: random.Next(1, i % 5 == 1 ? 900 : 100),
                rows: i % 3 == 0 ? random.Next(1, 41) : random.Next(1, 6),
                seed: i
            );
        }
    }

    [Theory]
    [InlineData("Int8")]
    [InlineData("Int4")]
    [InlineData("BFloat16")]
    [InlineData("Float32")]
    public void Rows_that_threads_convert_first_give_the_same_bits(string name)
    {
        var format = Enum.Parse<PanelFormat>(name);
        using var plain = new PlainPanels(format, 150, 48, seed: 1);
        using var pool = new WorkerPool(2);
        using var activations = new Activations();
        var linear = new LinearJob(pool.Main);
        var x = PanelTests.RandomRows(130, 150, 4);
        var (at_once, converted) = (new float[130 * 48], new float[130 * 48]);
        fixed (
            float* values = x,
                first = at_once,
                second = converted
        )
        {
            linear.Run(plain.Layer, activations.Set(format, values, 150, 130, 150), first, 48);
            linear.RunQuantized(plain.Layer, activations, values, 150, 130, second, 48);
        }

        converted.ShouldBe(at_once);
        at_once.ShouldContain(number => number != 0);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_comes_out_not_finite(float number)
    {
        using var pool = new WorkerPool(1);
        using var activations = new Activations();
        var linear = new LinearJob(pool.Main);
        foreach (var format in Enum.GetValues<PanelFormat>())
        {
            using var plain = new PlainPanels(format, 100, 16, seed: 2);
            for (var place = 0; place < 100; place += 33)
            {
                var x = PanelTests.RandomRows(3, 100, 3);
                x[100 + place] = number;
                var y = new float[3 * 16];
                fixed (
                    float* values = x,
                        result = y
                )
                {
                    linear.Run(plain.Layer, activations.Set(format, values, 100, 3, 100), result, 16);
                }

                y[..16].ShouldAllBe(value => float.IsFinite(value));
                y[16..32].ShouldAllBe(value => !float.IsFinite(value));
                y[32..].ShouldAllBe(value => float.IsFinite(value));
            }
        }
    }

    private static void Compare(
        LinearJob linear,
        PanelFormat format,
        Finish finish,
        int inputs,
        int outputs,
        int rows,
        int seed
    )
    {
        outputs = finish == Finish.Gate ? 2 * Panels.Padded(outputs) : outputs;
        using var plain = new PlainPanels(
            format,
            inputs,
            outputs,
            seed,
            hasBias: finish != Finish.Gate && seed % 2 == 0
        );
        using var activations = new Activations();
        var stride = Panels.Padded(inputs) + 16;
        var x = PanelTests.RandomRows(rows, stride, seed);
        var width = finish == Finish.Gate ? plain.Outputs / 2 : plain.Outputs;
        var before = PanelTests.RandomRows(rows, width, seed + 1);
        var factors = PanelTests.RandomRows(rows, width, seed + 2);
        float[] y = [.. before];
        fixed (
            float* values = x,
                result = y,
                scale = factors
        )
        {
            activations.Set(format, values, stride, rows, inputs);
            linear.Run(plain.Layer, activations, result, width, finish, scale, width);
        }

        for (var row = 0; row < rows; row++)
        {
            var own = x.AsSpan(row * stride, inputs);
            for (var i = 0; i < width; i++)
            {
                var place = (row * width) + i;
                var (output, up) = Places(finish, i);
                var (v, error) = (plain.Product(own, output), plain.Allowance(own, output));
                var (w, upError) = (plain.Product(own, up), plain.Allowance(own, up));
                var (expected, allowed) = finish switch
                {
                    Finish.Relu => (Math.Max(v, 0), error),
                    Finish.Silu => (PlainMath.Silu(v), 1.1 * error),
                    Finish.Gelu => (PlainMath.Gelu(v), 1.2 * error),
                    Finish.Add => (before[place] + v, error),
                    Finish.AddScaled => (before[place] + (factors[place] * v), error),
                    Finish.Gate => (
                        PlainMath.Silu(v) * w,
                        (1.1 * error * (Math.Abs(w) + upError)) + (Math.Abs(v) * upError)
                    ),
                    _ => (v, error),
                };
                allowed += 1e-6 * Math.Max(1, Math.Abs(expected));
                Math.Abs(y[place] - expected)
                    .ShouldBeLessThanOrEqualTo(
                        allowed,
                        $"{format} {inputs}x{outputs}, {finish}, row {row} of {rows}, output {i}"
                    );
            }
        }
    }

    /// <summary>The outputs that an output of a finish is made of.</summary>
    private static (int Output, int Up) Places(Finish finish, int i)
    {
        var first = (i / 16 * 32) + (i % 16);
        return finish == Finish.Gate ? (first, first + 16) : (i, i);
    }
}
