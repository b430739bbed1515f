using System.Runtime.InteropServices;
using CsCheck;
using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Onnx;
using VibeVoice.Tests.Generation;

namespace VibeVoice.Tests.Graphs;

/// <summary>Linear layers on bf16 weights as they are stored.</summary>
public sealed class StreamedLinearTests(TinyEngine tiny) : IClassFixture<TinyEngine>
{
    private const int ManyThreads = 4;

    [Fact]
    public void It_equals_loops_for_any_sizes() =>
        Gen.Select(Gen.Int[1, 13], Gen.Int[1, 90], Gen.Int[1, 60], Gen.Bool, Gen.UInt)
            .Sample(
                (rows, inputs, outputs, hasBias, seed) =>
                {
                    var layer = new Layer(inputs, outputs, hasBias, seed);
                    var x = Numbers(rows * inputs, seed + 1);

                    Tolerances.RelativeError(Run(layer, x, 1), layer.Loops(x)).ShouldBeLessThan(1e-5);
                },
                iter: 60,
                threads: 1
            );

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void Numbers_depend_neither_on_the_other_rows_nor_on_the_threads(int rows)
    {
        const int inputs = 896; // large enough to be cut into pieces
        var layer = new Layer(inputs, 1001, hasBias: true, seed: 7);
        var x = Numbers(rows * inputs, 8);

        var together = Run(layer, x, ManyThreads);
        var alone = x.Chunk(inputs).SelectMany(row => Run(layer, row, 1)).ToArray();

        together.ShouldBe(alone);
    }

    [Fact]
    public void A_run_on_stored_weights_equals_one_on_packed_float32()
    {
        var (streamed, packed) = (Samples(LinearKernel.Streamed), Samples(LinearKernel.Packed));

        streamed.ShouldBeWithin(Tolerances.Component, packed);
    }

    private float[] Samples(LinearKernel linear)
    {
        using var engine = GraphEngine.Load(
            tiny.Checkpoint,
            new EngineOptions(2, -50, Linear: linear),
            CancellationToken.None
        );
        var config = tiny.Checkpoint.Config.Diffusion;
        var schedule = SolverSchedule.Create(5, config.TrainingSteps);
        using var run = new SpeechRun(engine, tiny.Voice, new SpeechRunOptions(1.5f, schedule, new SeededNoise(3)));
        run.ReadText([5, 6, 7, 8, 9]);
        return [.. Enumerable.Range(0, 6).SelectMany(_ => run.NextFrame()!)];
    }

    private float[] Run(Layer layer, float[] x, int threads) =>
        OneGraph.Run(
            tiny.Checkpoint,
            LinearKernel.Streamed,
            threads,
            (g, values) => g.StreamedLinear(values[0], layer.Weight, layer.HasBias ? values[1] : null),
            ([x.Length / layer.Inputs, layer.Inputs], x),
            ([layer.Outputs], layer.Bias)
        );

    private static float[] Numbers(int count, uint seed)
    {
        var random = new Random((int)seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private sealed class Layer(int inputs, int outputs, bool hasBias, uint seed)
    {
        private readonly ushort[] _halves =
        [
            .. Numbers(inputs * outputs, seed + 2).Select(TensorConversion.ToBFloat16),
        ];

        public int Inputs => inputs;

        public int Outputs => outputs;

        public bool HasBias => hasBias;

        public float[] Bias { get; } = Numbers(outputs, seed + 3);

        public Weight Weight =>
            Weight.Streamed("any", outputs, inputs, (_, destination) => _halves.CopyTo(destination));

        public float[] Loops(float[] x)
        {
            var weights = new float[_halves.Length];
            TensorConversion.ToSingle(TensorDtype.BF16, MemoryMarshal.AsBytes(_halves.AsSpan()), weights);
            return
            [
                .. x.Chunk(inputs)
                    .SelectMany(row =>
                        Enumerable
                            .Range(0, outputs)
                            .Select(n =>
                                (float)(
                                    row.Select((value, k) => (double)value * weights[(n * inputs) + k]).Sum()
                                    + (hasBias ? Bias[n] : 0)
                                )
                            )
                    ),
            ];
        }
    }
}
