using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

public sealed unsafe class ActivationsTests
{
    [Theory]
    [InlineData(64, 1e-30f)]
    [InlineData(64, 1f)]
    [InlineData(1, 1f)]
    [InlineData(130, 1e-3f)]
    [InlineData(896, 1e30f)]
    public void Sixteen_bits_are_within_a_32768th_of_the_largest_of_their_block(int inputs, float size)
    {
        using var activations = new Activations();
        float[] x = [.. PanelTests.RandomRows(5, inputs, inputs).Select(number => number * size)];
        fixed (float* values = x)
        {
            activations.Set(PanelFormat.Int8, values, inputs, 5, inputs);
            for (var row = 0; row < 5; row++)
            {
                for (var block = 0; block < activations.Blocks; block++)
                {
                    var (start, end) = (block * 64, Math.Min(inputs, (block + 1) * 64));
                    var own = x[((row * inputs) + start)..((row * inputs) + end)];
                    var largest = own.Max(Math.Abs);
                    var place = ActivationTiles.Place(row, block, 5, activations.Blocks);
                    var scale = activations.Scales[place];
                    var numbers = activations.Numbers + (place * 64);
                    for (var i = 0; i < 64; i++)
                    {
                        var expected = i < own.Length ? own[i] : 0;
                        Math.Abs(((double)numbers[i] * scale) - expected).ShouldBeLessThanOrEqualTo(largest / 32768.0);
                    }
                }
            }
        }
    }

    [Fact]
    public void Rows_of_zeros_and_of_the_smallest_numbers_are_finite()
    {
        using var activations = new Activations();
        float[] x =
        [
            .. Enumerable.Repeat(0f, 64),
            .. Enumerable.Repeat(float.Epsilon, 64),
            .. Enumerable.Repeat(1e-36f, 64),
        ];
        fixed (float* values = x)
        {
            activations.Set(PanelFormat.Int8, values, 64, 3, 64);
            for (var i = 0; i < x.Length; i++)
            {
                var number = activations.Numbers[i] * activations.Scales[i / 64];
                Math.Abs(number - x[i]).ShouldBeLessThanOrEqualTo(1e-35f);
            }
        }
    }
}
