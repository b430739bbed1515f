using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

/// <summary>Products of panels against the same sums one by one.</summary>
public sealed unsafe class PanelTests
{
    /// <remarks>Also run on processors with fewer instructions: see <see cref="OtherProcessorTests"/>.</remarks>
    [Theory]
    [InlineData(64, 1)]
    [InlineData(64, 2)]
    [InlineData(100, 3)]
    [InlineData(1, 4)]
    [InlineData(896, 5)]
    [InlineData(200, 8)]
    [InlineData(130, 11)]
    [InlineData(640, 15)]
    [InlineData(77, 40)]
    public void The_8_bit_product_is_exact_in_each_block_and_sums_blocks_in_order(int inputs, int rows)
    {
        using var plain = new PlainPanels(PanelFormat.Int8, inputs, 16, seed: inputs);
        ShouldBeExact(plain, rows);
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(300, 2)]
    [InlineData(65, 7)]
    [InlineData(896, 19)]
    public void The_4_bit_product_is_exact_in_the_same_way(int inputs, int rows)
    {
        using var plain = new PlainPanels(PanelFormat.Int4, inputs, 16, seed: inputs);
        ShouldBeExact(plain, rows);
    }

    [Fact]
    public void The_largest_numbers_that_there_can_be_do_not_overflow()
    {
        using var plain = new PlainPanels(PanelFormat.Int8, 128, 16, seed: 3);
        new Span<byte>(plain.Layer.Data, 2 * Int8Panels.BlockBytes).Fill(127); // scales of 1.7e38 too, which are set below
        for (var output = 0; output < 16; output++)
        {
            for (var block = 0; block < 2; block++)
            {
                sbyte[] weights = [.. Enumerable.Repeat((sbyte)-127, 64)];
                Int8Panels.Place(weights, 1, output, plain.Layer.Data + (block * Int8Panels.BlockBytes));
            }
        }

        short[] x = [.. Enumerable.Repeat(short.MaxValue, 9 * 128)];
        float[] scales = [.. Enumerable.Repeat(1f, 18)];
        var y = new float[ActivationTiles.SlotsOfAll(9) * 16];
        fixed (short* numbers = x)
        fixed (
            float* factors = scales,
                result = y
        )
        {
            Int8Panels.Multiply(plain.Layer.Data, 2, numbers, factors, 9, result, 16);
        }

        y.AsSpan(0, 9 * 16).ToArray().ShouldAllBe(number => number == 2f * 64 * -127 * 32767);
    }

    [Fact]
    public void Four_bits_hold_every_number_from_minus_7_to_7_at_every_place()
    {
        using var panel = new NativeArray<byte>(Int4Panels.BlockBytes);
        var random = new Random(5);
        var weights = new sbyte[16][];
        for (var output = 0; output < 16; output++)
        {
            weights[output] = [.. Enumerable.Range(0, 64).Select(_ => (sbyte)random.Next(-7, 8))];
            Int4Panels.Place(weights[output], 1, output, panel.Start);
        }

        var x = stackalloc short[64];
        var y = stackalloc float[16];
        var one = 1f;
        for (var input = 0; input < 64; input++)
        {
            new Span<short>(x, 64).Clear();
            x[input] = 1;
            Int4Panels.Multiply(panel.Start, 1, x, &one, 1, y, 16);
            for (var output = 0; output < 16; output++)
            {
                y[output].ShouldBe(weights[output][input]);
            }
        }
    }

    [Theory]
    [InlineData("Int8")]
    [InlineData("Int4")]
    [InlineData("BFloat16")]
    [InlineData("Float32")]
    public void A_row_has_the_same_bits_whatever_rows_are_beside_it(string name)
    {
        var format = Enum.Parse<PanelFormat>(name);
        const int inputs = 333;
        using var plain = new PlainPanels(format, inputs, 16, seed: 8);
        using var activations = new Activations();
        var x = RandomRows(40, inputs, 9);
        var alone = new float[40 * 16];
        fixed (
            float* values = x,
                result = alone
        )
        {
            for (var row = 0; row < 40; row++)
            {
                activations.Set(format, values + (row * inputs), inputs, 1, inputs);
                plain.Layer.Multiply(0, activations, 0, 1, result + (row * 16), 16);
            }

            for (var rows = 1; rows <= 40; rows++)
            {
                var together = new float[ActivationTiles.SlotsOfAll(rows) * 16];
                fixed (float* all = together)
                {
                    activations.Set(format, values, inputs, rows, inputs);
                    plain.Layer.Multiply(0, activations, 0, rows, all, 16);
                }

                together[..(rows * 16)].ShouldBe(alone[..(rows * 16)]);
            }
        }
    }

    internal static float[] RandomRows(int rows, int width, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows * width).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }

    private static void ShouldBeExact(PlainPanels plain, int rows)
    {
        var random = new Random(rows);
        var slots = ActivationTiles.SlotsOfAll(rows);
        short[] x =
        [
            .. Enumerable
                .Range(0, slots * plain.Blocks * Int8Panels.Block)
                .Select(_ => (short)random.Next(-32767, 32768)),
        ];
        float[] scales = [.. Enumerable.Range(0, slots * plain.Blocks).Select(_ => (float)random.NextDouble() * 1e-4f)];
        var y = new float[slots * 16];
        fixed (short* numbers = x)
        fixed (
            float* factors = scales,
                result = y
        )
        {
            var multiply = plain.Layer.Format == PanelFormat.Int8 ? (Product)Int8Panels.Multiply : Int4Panels.Multiply;
            multiply(plain.Layer.Data, plain.Blocks, numbers, factors, rows, result, 16);
        }

        for (var i = 0; i < rows * 16; i++)
        {
            var (row, output) = (i / 16, i % 16);
            var expected = 0f;
            for (var block = 0; block < plain.Blocks; block++)
            {
                var sum = 0L;
                var place = (int)ActivationTiles.Place(row, block, rows, plain.Blocks);
                for (var input = 0; input < 64; input++)
                {
                    sum += x[(place * 64) + input] * plain.Numbers[output, (block * 64) + input];
                }

                var scale = plain.Scales[output, block] * scales[place];
                expected = MathF.FusedMultiplyAdd(sum, scale, expected);
            }

            y[i].ShouldBe(expected, $"row {row}, output {output}");
        }
    }

    private delegate void Product(byte* panel, int blocks, short* x, float* scales, int rows, float* y, int stride);
}
