using VibeVoice.Checkpoints;

namespace VibeVoice.Native;

/// <summary>Decoder layers of Qwen2, pre-norm: rows of any sequences in, their hidden states out, without a final norm.</summary>
internal sealed unsafe class LanguageStack : IDisposable
{
    private readonly LanguageConfig _config;
    private readonly LinearJob _linear;
    private readonly Attention _attention;
    private readonly IReadOnlyList<Layer> _layers;
    private readonly int _width;
    private readonly int _attendedWidth;
    private readonly Activations _activations = new();
    private readonly ScratchBuffer<float> _normed = new();
    private readonly ScratchBuffer<float> _projected = new();
    private readonly ScratchBuffer<float> _attended = new();
    private readonly ScratchBuffer<float> _inner = new();
    private readonly ScratchBuffer<float> _turns = new();

    public LanguageStack(
        string path,
        int layers,
        LanguageConfig config,
        PanelFormat format,
        NativeWeights weights,
        WorkerLane lane,
        LinearJob linear
    )
    {
        _config = config;
        _linear = linear;
        _attention = new Attention(lane, config.QueryHeads, config.KeyValueHeads, config.HeadSize);
        _width = Panels.Padded(config.HiddenSize);
        _attendedWidth = Panels.Padded(config.QueryHeads * config.HeadSize);
        _layers =
        [
            .. Enumerable.Range(0, layers).Select(i => new Layer($"{path}.layers.{i}", config, format, weights)),
        ];
    }

    /// <param name="x"><c>[rows, D]</c> padded; embeddings before, hidden states after.</param>
    /// <param name="rows">Of each row, its sequence and its place there. Rows of one sequence follow each other.</param>
    /// <param name="count">How many rows.</param>
    public void Forward(float* x, AttentionRow[] rows, int count)
    {
        var turns = PrepareTurns(rows, count);
        var normed = _normed.Take((long)count * _width);
        var attended = _attended.Take((long)count * _attendedWidth);
        for (var i = 0; i < _layers.Count; i++)
        {
            var layer = _layers[i];
            Norm(x, layer.InputNorm, normed, count);
            var stride = layer.Project.Outputs;
            var projected = _projected.Take((long)count * stride);
            Run(layer.Project, normed, _width, count, projected, stride, Finish.Store);
            for (var row = 0; row < count; row++)
            {
                Remember(rows[row], i, projected + ((nint)row * stride), turns + ((nint)row * _config.HeadSize));
            }

            _attention.Run(rows, count, i, projected, stride, attended, _attendedWidth);
            Run(layer.Output, attended, _attendedWidth, count, x, _width, Finish.Add);
            Norm(x, layer.PostAttentionNorm, normed, count);
            var innerWidth = layer.Inner.Outputs / 2;
            var inner = _inner.Take((long)count * innerWidth);
            Run(layer.Inner, normed, _width, count, inner, innerWidth, Finish.Gate);
            Run(layer.Down, inner, innerWidth, count, x, _width, Finish.Add);
        }
    }

    public void Dispose()
    {
        _attention.Dispose();
        _activations.Dispose();
        _normed.Dispose();
        _projected.Dispose();
        _attended.Dispose();
        _inner.Dispose();
        _turns.Dispose();
    }

    private void Run(LinearLayer layer, float* x, int xStride, int rows, float* y, int yStride, Finish finish) =>
        _linear.Run(layer, _activations.Set(layer.Format, x, xStride, rows, layer.Inputs), y, yStride, finish);

    private void Norm(float* x, float* weight, float* y, int count)
    {
        for (var row = 0; row < count; row++)
        {
            var offset = (nint)row * _width;
            VectorMath.RmsNorm(x + offset, weight, y + offset, _config.HiddenSize, _config.RmsNormEpsilon);
        }
    }

    /// <summary>cos and sin of position · θ^(−2j/Dh) for each row: half of Dh each.</summary>
    private float* PrepareTurns(AttentionRow[] rows, int count)
    {
        var half = _config.HeadSize / 2;
        var turns = _turns.Take((long)count * _config.HeadSize);
        for (var row = 0; row < count; row++)
        {
            var turn = turns + ((nint)row * _config.HeadSize);
            for (var j = 0; j < half; j++)
            {
                // Rounded to float32 as the reference does: at thousands of positions the phase would differ.
                var frequency = 1 / MathF.Pow((float)_config.RopeTheta, 2f * j / _config.HeadSize);
                (turn[half + j], turn[j]) = MathF.SinCos(rows[row].Position * frequency);
            }
        }

        return turns;
    }

    /// <summary>Rotates queries and keys of a row, and writes its keys and values into its cache.</summary>
    private void Remember(AttentionRow row, int layer, float* projected, float* turn)
    {
        var size = _config.HeadSize;
        for (var head = 0; head < _config.QueryHeads + _config.KeyValueHeads; head++)
        {
            Rotate(projected + (head * size), turn, size / 2);
        }

        var keys = projected + (_config.QueryHeads * size);
        var values = keys + (_config.KeyValueHeads * size);
        for (var head = 0; head < _config.KeyValueHeads; head++)
        {
            row.Cache.Write(layer, head, row.Position, keys + (head * size), values + (head * size));
        }
    }

    private static void Rotate(float* x, float* turn, int half)
    {
        for (var j = 0; j < half; j++)
        {
            var (first, second, cosine, sine) = (x[j], x[half + j], turn[j], turn[half + j]);
            x[j] = (first * cosine) - (second * sine);
            x[half + j] = (second * cosine) + (first * sine);
        }
    }

    private sealed class Layer(string path, LanguageConfig config, PanelFormat format, NativeWeights weights)
    {
        public float* InputNorm { get; } = weights.Vector($"{path}.input_layernorm.weight", config.HiddenSize);

        /// <summary>Queries, keys and values.</summary>
        public LinearLayer Project { get; } =
            weights.Joined(
                format,
                $"{path}.self_attn.qkv_proj",
                config.HiddenSize,
                [
                    ($"{path}.self_attn.q_proj", config.QueryHeads * config.HeadSize),
                    ($"{path}.self_attn.k_proj", config.KeyValueHeads * config.HeadSize),
                    ($"{path}.self_attn.v_proj", config.KeyValueHeads * config.HeadSize),
                ],
                hasBias: true
            );

        public LinearLayer Output { get; } =
            weights.Linear(format, $"{path}.self_attn.o_proj", config.QueryHeads * config.HeadSize, config.HiddenSize);

        public float* PostAttentionNorm { get; } =
            weights.Vector($"{path}.post_attention_layernorm.weight", config.HiddenSize);

        /// <summary>Gate and up.</summary>
        public LinearLayer Inner { get; } =
            weights.Gated(format, $"{path}.mlp", config.HiddenSize, config.IntermediateSize);

        public LinearLayer Down { get; } =
            weights.Linear(format, $"{path}.mlp.down_proj", config.IntermediateSize, config.HiddenSize);
    }
}
