using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Native;

/// <summary>The diffusion head and the solver around it (VibeVoice report, diffusion head; DPM-Solver++ 2M).</summary>
/// <remarks>
/// What conditions and times make of a layer is computed for all steps at once, as rows of one product: a quarter of
/// the head's weights, which each step would read again. Small layers at both ends are kept exact.
/// </remarks>
internal sealed unsafe class NativeSampler : IDisposable
{
    private const string Path = "model.prediction_head";
    private readonly DiffusionConfig _config;
    private readonly LinearJob _linear;
    private readonly int _width;
    private readonly int _latentWidth;
    private readonly int _parts;
    private readonly LinearLayer _noisyLatent;
    private readonly LinearLayer _condition;
    private readonly LinearLayer _timeFirst;
    private readonly LinearLayer _timeSecond;
    private readonly LinearLayer _modulation;
    private readonly LinearLayer _final;
    private readonly float* _ones;
    private readonly Layer[] _layers;
    private readonly Dictionary<int, NativeArray<float>> _times = [];
    private readonly Activations _activations = new();
    private readonly ScratchBuffer<float> _conditions = new();
    private readonly ScratchBuffer<float> _projected = new();
    private readonly ScratchBuffer<float> _mixed = new();
    private readonly ScratchBuffer<float> _modulations = new();
    private readonly ScratchBuffer<float> _latents = new();
    private readonly ScratchBuffer<float> _x = new();
    private readonly ScratchBuffer<float> _normed = new();
    private readonly ScratchBuffer<float> _inner = new();
    private readonly ScratchBuffer<float> _velocity = new();
    private NativeStream[] _streams = [];

    public NativeSampler(DiffusionConfig config, PanelFormat format, NativeWeights weights, LinearJob linear)
    {
        var width = config.HiddenSize;
        _config = config;
        _linear = linear;
        _width = Panels.Padded(width);
        _latentWidth = Panels.Padded(config.LatentSize);
        _parts = (3 * config.Layers) + 2;
        _noisyLatent = weights.Linear(weights.Exact, $"{Path}.noisy_images_proj", config.LatentSize, width);
        _condition = weights.Linear(format, $"{Path}.cond_proj", width, width);
        _timeFirst = weights.Linear(weights.Exact, $"{Path}.t_embedder.mlp.0", config.FrequencySize, width);
        _timeSecond = weights.Linear(weights.Exact, $"{Path}.t_embedder.mlp.2", width, width);
        _modulation = weights.Made(
            format,
            $"{Path}.modulations",
            width,
            _parts * _width,
            bias: null,
            checkpoint => (output, row) => FillModulation(checkpoint, output, row)
        );
        _final = weights.Linear(weights.Exact, $"{Path}.final_layer.linear", width, config.LatentSize);
        _ones = weights.NewVector(width);
        new Span<float>(_ones, width).Fill(1);
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new Layer(i, config, format, weights))];
    }

    /// <summary>Turns each stream's noise into its latent. Streams may have different schedules.</summary>
    public void Sample(ReadOnlySpan<EngineStream> streams)
    {
        var count = TakeInOrder(streams);
        var most = _streams[0].Schedule.Steps.Count;
        var modulations = Modulate(count, most);
        for (var i = 0; i < count; i++)
        {
            Array.Clear(_streams[i].PreviousPrediction); // its factor is 0, and 0 · NaN would not be
        }

        for (var step = 0; step < most; step++)
        {
            var active = ActiveAt(step, count);
            Step(step, active, modulations);
            modulations += (nint)2 * active * _parts * _width;
        }
    }

    public void Dispose()
    {
        foreach (var time in _times.Values)
        {
            time.Dispose();
        }

        _activations.Dispose();
        _conditions.Dispose();
        _projected.Dispose();
        _mixed.Dispose();
        _modulations.Dispose();
        _latents.Dispose();
        _x.Dispose();
        _normed.Dispose();
        _inner.Dispose();
        _velocity.Dispose();
    }

    /// <summary>Those with more steps first, so that those still at work are always the first ones.</summary>
    private int TakeInOrder(ReadOnlySpan<EngineStream> streams)
    {
        if (_streams.Length < streams.Length)
        {
            _streams = new NativeStream[streams.Length];
        }

        for (var i = 0; i < streams.Length; i++)
        {
            var stream = (NativeStream)streams[i];
            var place = i;
            for (; place > 0 && _streams[place - 1].Schedule.Steps.Count < stream.Schedule.Steps.Count; place--)
            {
                _streams[place] = _streams[place - 1];
            }

            _streams[place] = stream;
        }

        return streams.Length;
    }

    private int ActiveAt(int step, int count)
    {
        while (_streams[count - 1].Schedule.Steps.Count <= step)
        {
            count--;
        }

        return count;
    }

    /// <returns>For each step, the positive rows of those at work, then the negative ones: <c>[rows, parts · D]</c>.</returns>
    private float* Modulate(int count, int steps)
    {
        var conditions = _conditions.Take(2L * count * _width);
        for (var i = 0; i < count; i++)
        {
            CopyRow(_streams[i].Condition, conditions + ((nint)i * _width));
            CopyRow(_streams[i].NegativeCondition, conditions + ((nint)(count + i) * _width));
        }

        var projected = _projected.Take(2L * count * _width);
        Run(_condition, conditions, _width, 2 * count, projected, _width);
        var mixed = _mixed.Take(2L * count * steps * _width);
        var row = mixed;
        for (var step = 0; step < steps; step++)
        {
            var active = ActiveAt(step, count);
            for (var branch = 0; branch < 2; branch++)
            {
                for (var i = 0; i < active; i++, row += _width)
                {
                    var time = Time(_streams[i].Schedule.Steps[step].Timestep);
                    VectorMath.SiluOfSum(
                        projected + ((nint)((branch * count) + i) * _width),
                        time,
                        row,
                        _config.HiddenSize
                    );
                }
            }
        }

        var rows = (int)((row - mixed) / _width);
        var modulations = _modulations.Take((long)rows * _parts * _width);
        Run(_modulation, mixed, _width, rows, modulations, _parts * _width);
        return modulations;
    }

    private void Step(int step, int active, float* modulations)
    {
        var rows = 2 * active;
        var stride = _parts * _width;
        var latents = _latents.Take((long)active * _latentWidth);
        for (var i = 0; i < active; i++)
        {
            _streams[i].Latent.CopyTo(new Span<float>(latents + ((nint)i * _latentWidth), _latentWidth));
        }

        var x = _x.Take((long)rows * _width);
        Run(_noisyLatent, latents, _latentWidth, active, x, _width);
        var size = (long)active * _width * sizeof(float);
        Buffer.MemoryCopy(x, x + ((nint)active * _width), size, size);
        var normed = _normed.Take((long)rows * _width);
        for (var i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i];
            var shift = modulations + (3 * i * _width);
            Norm(x, layer.Norm, shift, normed, rows);
            var innerWidth = layer.Inner.Outputs / 2;
            var inner = _inner.Take((long)rows * innerWidth);
            Run(layer.Inner, normed, _width, rows, inner, innerWidth, Finish.Gate);
            _linear.Run(
                layer.Down,
                _activations.Set(layer.Down.Format, inner, innerWidth, rows, layer.Down.Inputs),
                x,
                _width,
                Finish.AddScaled,
                shift + (2 * _width),
                stride
            );
        }

        Norm(x, _ones, modulations + ((_parts - 2) * _width), normed, rows);
        var velocity = _velocity.Take((long)rows * _latentWidth);
        Run(_final, normed, _width, rows, velocity, _latentWidth);
        for (var i = 0; i < active; i++)
        {
            var positive = new ReadOnlySpan<float>(velocity + ((nint)i * _latentWidth), _config.LatentSize);
            var negative = new ReadOnlySpan<float>(velocity + ((nint)(active + i) * _latentWidth), _config.LatentSize);
            Solve(_streams[i], _streams[i].Schedule.Steps[step], positive, negative);
        }

        void Norm(float* values, float* weight, float* shift, float* result, int count)
        {
            for (var row = 0; row < count; row++)
            {
                var modulation = shift + ((nint)row * stride);
                VectorMath.RmsNormModulated(
                    values + ((nint)row * _width),
                    weight,
                    modulation,
                    modulation + _width,
                    result + ((nint)row * _width),
                    _config.HiddenSize,
                    _config.RmsNormEpsilon
                );
            }
        }
    }

    private static void Solve(
        NativeStream stream,
        SolverStep numbers,
        ReadOnlySpan<float> positive,
        ReadOnlySpan<float> negative
    )
    {
        var latent = stream.Latent;
        var previous = stream.PreviousPrediction;
        for (var i = 0; i < latent.Length; i++)
        {
            var guided = negative[i] + (stream.Guidance * (positive[i] - negative[i]));
            var prediction = (numbers.Alpha * latent[i]) - (numbers.Sigma * guided); // x0 = α·z − s·v
            latent[i] =
                (numbers.LatentFactor * latent[i])
                + (numbers.PredictionFactor * prediction)
                + (numbers.DifferenceFactor * (prediction - previous[i]));
            previous[i] = prediction;
        }
    }

    /// <summary>What the timestep adds to every condition; made when it first occurs.</summary>
    private float* Time(int timestep)
    {
        if (!_times.TryGetValue(timestep, out var time))
        {
            time = new NativeArray<float>(_width);
            using var frequencies = new NativeArray<float>(Panels.Padded(_config.FrequencySize));
            using var hidden = new NativeArray<float>(_width);
            TimeEmbedding.Create(timestep, _config.FrequencySize).CopyTo(frequencies.Span);
            Run(_timeFirst, frequencies.Start, (int)frequencies.Length, 1, hidden.Start, _width, Finish.Silu);
            Run(_timeSecond, hidden.Start, _width, 1, time.Start, _width);
            _times.Add(timestep, time);
        }

        return time.Start;
    }

    private void Run(
        LinearLayer layer,
        float* x,
        int xStride,
        int rows,
        float* y,
        int yStride,
        Finish finish = Finish.Store
    ) => _linear.Run(layer, _activations.Set(layer.Format, x, xStride, rows, layer.Inputs), y, yStride, finish);

    private static void CopyRow(ReadOnlySpan<float> row, float* target) =>
        row.CopyTo(new Span<float>(target, row.Length));

    /// <summary>Shift, scale and gate of each layer, then the last shift and scale, each padded.</summary>
    private void FillModulation(Checkpoint checkpoint, int output, Span<float> row)
    {
        var (part, unit) = Math.DivRem(output, _width);
        var (layer, kind) = Math.DivRem(part, 3);
        long width = _config.HiddenSize;
        if (unit >= width)
        {
            row.Clear();
        }
        else if (layer < _config.Layers)
        {
            var name = $"{Path}.layers.{layer}.adaLN_modulation.1.weight";
            checkpoint.ReadRow(name, (int)(kind * width) + unit, [3 * width, width], row);
        }
        else
        {
            var name = $"{Path}.final_layer.adaLN_modulation.1.weight";
            checkpoint.ReadRow(name, (int)(kind * width) + unit, [2 * width, width], row);
        }
    }

    private sealed class Layer(int layer, DiffusionConfig config, PanelFormat format, NativeWeights weights)
    {
        public float* Norm { get; } = weights.Vector($"{Path}.layers.{layer}.norm.weight", config.HiddenSize);

        /// <summary>Gate and up.</summary>
        public LinearLayer Inner { get; } =
            weights.Gated(format, $"{Path}.layers.{layer}.ffn", config.HiddenSize, config.FfnSize);

        public LinearLayer Down { get; } =
            weights.Linear(format, $"{Path}.layers.{layer}.ffn.down_proj", config.FfnSize, config.HiddenSize);
    }
}
