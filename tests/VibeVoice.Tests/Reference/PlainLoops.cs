using VibeVoice.Checkpoints;

namespace VibeVoice.Tests.Reference;

/// <summary>The blocks of the model as loops over numbers, in float64: the executable specification.</summary>
internal sealed class PlainLoops(Checkpoint checkpoint)
{
    private readonly ModelConfig _config = checkpoint.Config;
    private readonly Dictionary<string, float[]> _weights = [];

    /// <summary>A whole sequence, after a voice's prompt where one is given.</summary>
    public double[][] LanguageModel(string name, int layers, bool hasNorm, double[][] x, PresetCache? prompt = null)
    {
        var language = _config.Language;
        for (var layer = 0; layer < layers; layer++)
        {
            var path = $"model.{name}.layers.{layer}";
            var normed = x.Select(row => RmsNorm(row, $"{path}.input_layernorm", language.RmsNormEpsilon)).ToArray();
            x = Zip(x, Attention($"{path}.self_attn", normed, prompt, layer), (a, b) => a + b);
            normed = [.. x.Select(row => RmsNorm(row, $"{path}.post_attention_layernorm", language.RmsNormEpsilon))];
            var width = language.IntermediateSize;
            x = Zip(x, [.. normed.Select(row => SwiGlu($"{path}.mlp", row, width))], (a, b) => a + b);
        }

        return hasNorm ? [.. x.Select(row => RmsNorm(row, $"model.{name}.norm", language.RmsNormEpsilon))] : x;
    }

    public double[] DiffusionHead(double[] latent, double timestep, double[] condition)
    {
        const string path = "model.prediction_head";
        var diffusion = _config.Diffusion;
        var width = diffusion.HiddenSize;
        var half = diffusion.FrequencySize / 2;
        var time = new double[2 * half];
        for (var j = 0; j < half; j++)
        {
            var frequency = Math.Exp(-Math.Log(10_000) * j / half);
            (time[j], time[half + j]) = (Math.Cos(timestep * frequency), Math.Sin(timestep * frequency));
        }

        var x = Linear($"{path}.noisy_images_proj", latent, width, hasBias: false);
        var hidden = Linear($"{path}.t_embedder.mlp.0", time, width, hasBias: false).Select(Silu).ToArray();
        var c = Zip(
                Linear($"{path}.cond_proj", condition, width, hasBias: false),
                Linear($"{path}.t_embedder.mlp.2", hidden, width, hasBias: false),
                (a, b) => a + b
            )
            .Select(Silu)
            .ToArray();
        for (var layer = 0; layer < diffusion.Layers; layer++)
        {
            var layerPath = $"{path}.layers.{layer}";
            var m = Linear($"{layerPath}.adaLN_modulation.1", c, 3 * width, hasBias: false);
            var normed = RmsNorm(x, $"{layerPath}.norm", diffusion.RmsNormEpsilon);
            var inner = SwiGlu(
                $"{layerPath}.ffn",
                [.. normed.Select((v, i) => (v * (1 + m[width + i])) + m[i])],
                diffusion.FfnSize
            );
            x = [.. x.Select((v, i) => v + (m[(2 * width) + i] * inner[i]))];
        }

        var last = Linear($"{path}.final_layer.adaLN_modulation.1", c, 2 * width, hasBias: false);
        var scale = 1 / Math.Sqrt(x.Average(v => v * v) + diffusion.RmsNormEpsilon);
        return Linear(
            $"{path}.final_layer.linear",
            [.. x.Select((v, i) => (v * scale * (1 + last[width + i])) + last[i])],
            diffusion.LatentSize,
            hasBias: false
        );
    }

    /// <summary>All latents at once.</summary>
    public double[] AcousticDecoder(double[][] latents)
    {
        const string path = "model.acoustic_tokenizer.decoder";
        var acoustic = _config.Acoustic;
        var x = Convolution($"{path}.upsample_layers.0.0.conv.conv", latents, acoustic.Channels[0], isDepthwise: false);
        for (var stage = 0; stage < acoustic.Channels.Count; stage++)
        {
            var channels = acoustic.Channels[stage];
            if (stage > 0)
            {
                var upsampling = $"{path}.upsample_layers.{stage}.0.convtr.convtr";
                x = Upsampling(upsampling, x, channels, acoustic.Ratios[stage - 1]);
            }

            for (var block = 0; block < acoustic.DecoderDepths[stage]; block++)
            {
                x = AcousticBlock($"{path}.stages.{stage}.{block}", x, channels);
            }
        }

        return [.. Convolution($"{path}.head.conv.conv", x, 1, isDepthwise: false).Select(row => row[0])];
    }

    private double[][] AcousticBlock(string path, double[][] x, int channels)
    {
        var epsilon = _config.Acoustic.RmsNormEpsilon;
        var gamma = Scale($"{path}.gamma", channels);
        var ffnGamma = Scale($"{path}.ffn_gamma", channels);
        var mixed = Convolution(
            $"{path}.mixer.conv.conv.conv",
            [.. x.Select(row => RmsNorm(row, $"{path}.norm", epsilon))],
            channels,
            isDepthwise: true
        );
        x = [.. x.Select((row, t) => row.Select((v, i) => v + (gamma[i] * mixed[t][i])).ToArray())];
        return
        [
            .. x.Select(row =>
            {
                var widened = Linear(
                    $"{path}.ffn.linear1",
                    RmsNorm(row, $"{path}.ffn_norm", epsilon),
                    4 * channels,
                    _config.Acoustic.HasBias
                );
                var narrowed = Linear(
                    $"{path}.ffn.linear2",
                    [.. widened.Select(Gelu)],
                    channels,
                    _config.Acoustic.HasBias
                );
                return row.Select((v, i) => v + (ffnGamma[i] * narrowed[i])).ToArray();
            }),
        ];
    }

    /// <summary>fc2(norm(fc1(latent))), as an embedding of speech.</summary>
    public double[] SpeechEmbedding(double[] latent)
    {
        const string path = "model.acoustic_connector";
        var width = _config.Language.HiddenSize;
        var inner = RmsNorm(Linear($"{path}.fc1", latent, width), $"{path}.norm", 1e-6);
        return Zip(Linear($"{path}.fc2", inner, width), InputType(0), (a, b) => a + b);
    }

    /// <summary>What tells <c>tts_language_model</c> that it reads speech (0) or text (1).</summary>
    public double[] InputType(int kind) => Row("model.tts_input_types.weight", kind, rows: 2);

    /// <summary>The embedding of a token.</summary>
    public double[] TextEmbedding(int token) =>
        Row("model.language_model.embed_tokens.weight", token, _config.Language.VocabularySize);

    public double EndLogit(double[] hidden)
    {
        const string path = "tts_eos_classifier";
        var inner = Linear($"{path}.fc1", hidden, hidden.Length).Select(v => Math.Max(v, 0)).ToArray();
        return Linear($"{path}.fc2", inner, 1)[0];
    }

    private double[] Row(string name, int row, int rows)
    {
        var width = _config.Language.HiddenSize;
        return [.. Read(name, rows, width).AsSpan(row * width, width).ToArray().Select(v => (double)v)];
    }

    private double[][] Attention(string path, double[][] x, PresetCache? prompt, int layer)
    {
        var (heads, keyHeads, width) = (
            _config.Language.QueryHeads,
            _config.Language.KeyValueHeads,
            _config.Language.HeadSize
        );
        var past = prompt?.Length ?? 0;
        var query = Rotated($"{path}.q_proj", heads);
        double[][] key = [.. Prompt(prompt?.Keys), .. Rotated($"{path}.k_proj", keyHeads)];
        double[][] value =
        [
            .. Prompt(prompt?.Values),
            .. x.Select(row => Linear($"{path}.v_proj", row, keyHeads * width)),
        ];
        var result = new double[x.Length][];
        for (var t = 0; t < x.Length; t++)
        {
            var attended = new double[heads * width];
            for (var head = 0; head < heads; head++)
            {
                var from = head / (heads / keyHeads) * width;
                var scores = new double[past + t + 1];
                for (var s = 0; s < scores.Length; s++)
                {
                    for (var i = 0; i < width; i++)
                    {
                        scores[s] += query[t][(head * width) + i] * key[s][from + i] / Math.Sqrt(width);
                    }
                }

                var peak = scores.Max();
                var total = scores.Sum(score => Math.Exp(score - peak));
                for (var s = 0; s < scores.Length; s++)
                {
                    for (var i = 0; i < width; i++)
                    {
                        attended[(head * width) + i] += Math.Exp(scores[s] - peak) / total * value[s][from + i];
                    }
                }
            }

            result[t] = Linear($"{path}.o_proj", attended, _config.Language.HiddenSize, hasBias: false);
        }

        return result;

        double[][] Rotated(string projection, int count) =>
            [.. x.Select((row, t) => Rotate(Linear(projection, row, count * width), past + t, width))];

        // [Hkv, L, Dh] as one row per position.
        IEnumerable<double[]> Prompt(IReadOnlyList<ReadOnlyMemory<float>>? layers) =>
            Enumerable
                .Range(0, past)
                .Select(position =>
                    Enumerable
                        .Range(0, keyHeads * width)
                        .Select(i =>
                            (double)layers![layer].Span[(((i / width * past) + position) * width) + (i % width)]
                        )
                        .ToArray()
                );
    }

    private double[] Rotate(double[] row, int position, int width)
    {
        var rotated = new double[row.Length];
        for (var i = 0; i < row.Length; i++)
        {
            var (start, j) = (i / width * width, i % (width / 2));
            var angle = position * Math.Pow(_config.Language.RopeTheta, -2.0 * j / width);
            var (first, second) = (row[start + j], row[start + j + (width / 2)]);
            rotated[i] =
                i - start < width / 2
                    ? (first * Math.Cos(angle)) - (second * Math.Sin(angle))
                    : (second * Math.Cos(angle)) + (first * Math.Sin(angle));
        }

        return rotated;
    }

    private double[][] Convolution(string path, double[][] x, int outputs, bool isDepthwise)
    {
        var kernel = _config.Acoustic.KernelSize;
        var inputs = x[0].Length;
        var perGroup = isDepthwise ? 1 : inputs;
        var weight = Read($"{path}.weight", outputs, perGroup, kernel);
        var bias = AcousticBias(path, outputs);
        var y = new double[x.Length][];
        for (var t = 0; t < x.Length; t++)
        {
            y[t] = [.. bias.Select(b => (double)b)];
            for (var tap = Math.Max(0, kernel - 1 - t); tap < kernel; tap++)
            {
                var row = x[t + tap - (kernel - 1)];
                for (var o = 0; o < outputs; o++)
                {
                    for (var i = 0; i < perGroup; i++)
                    {
                        y[t][o] += weight[(((o * perGroup) + i) * kernel) + tap] * row[isDepthwise ? o : i];
                    }
                }
            }
        }

        return y;
    }

    private double[][] Upsampling(string path, double[][] x, int outputs, int ratio)
    {
        var inputs = x[0].Length;
        var weight = Read($"{path}.weight", inputs, outputs, 2L * ratio);
        var bias = AcousticBias(path, outputs);
        var y = Enumerable.Range(0, x.Length * ratio).Select(_ => bias.Select(b => (double)b).ToArray()).ToArray();
        for (var t = 0; t < x.Length; t++)
        {
            for (var tap = 0; tap < 2 * ratio && (t * ratio) + tap < y.Length; tap++)
            {
                for (var i = 0; i < inputs; i++)
                {
                    for (var o = 0; o < outputs; o++)
                    {
                        y[(t * ratio) + tap][o] += x[t][i] * weight[(((i * outputs) + o) * 2 * ratio) + tap];
                    }
                }
            }
        }

        return y;
    }

    private double[] SwiGlu(string path, double[] x, int innerWidth)
    {
        var gate = Linear($"{path}.gate_proj", x, innerWidth, hasBias: false);
        var up = Linear($"{path}.up_proj", x, innerWidth, hasBias: false);
        return Linear($"{path}.down_proj", Zip(gate, up, (a, b) => Silu(a) * b), x.Length, hasBias: false);
    }

    private double[] Linear(string path, double[] x, int outputs, bool hasBias = true)
    {
        var weight = Read($"{path}.weight", outputs, x.Length);
        var bias = hasBias ? Read($"{path}.bias", outputs) : new float[outputs];
        var y = new double[outputs];
        for (var o = 0; o < outputs; o++)
        {
            y[o] = bias[o];
            for (var i = 0; i < x.Length; i++)
            {
                y[o] += weight[(o * x.Length) + i] * x[i];
            }
        }

        return y;
    }

    private double[] RmsNorm(double[] x, string path, double epsilon)
    {
        var weight = Read($"{path}.weight", x.Length);
        var scale = 1 / Math.Sqrt(x.Average(v => v * v) + epsilon);
        return [.. x.Select((v, i) => v * scale * weight[i])];
    }

    private float[] AcousticBias(string path, int outputs) =>
        _config.Acoustic.HasBias ? Read($"{path}.bias", outputs) : new float[outputs];

    private float[] Scale(string name, int channels) =>
        _config.Acoustic.HasLayerScale ? Read(name, channels) : [.. Enumerable.Repeat(1f, channels)];

    private float[] Read(string name, params long[] shape)
    {
        if (!_weights.TryGetValue(name, out var weight))
        {
            weight = checkpoint.Read(name, shape);
            _weights.Add(name, weight);
        }

        return weight;
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));

    private static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    // Its Maclaurin series where it converges fast, and the tail's limit beyond: errors below 1e-10.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 5)
        {
            return Math.Sign(x);
        }

        var (sum, term) = (x, x);
        for (var n = 1; n < 120; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private static double[][] Zip(double[][] a, double[][] b, Func<double, double, double> function) =>
        [.. a.Zip(b, (x, y) => Zip(x, y, function))];

    private static double[] Zip(double[] a, double[] b, Func<double, double, double> function) =>
        [.. a.Zip(b, function)];
}
