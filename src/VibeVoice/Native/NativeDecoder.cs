using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Native;

/// <summary>Latents to sound: the decoder of the σ-VAE (VibeVoice report §2.1), causal, channels last, for several streams.</summary>
/// <remarks>
/// Rows of all streams go through a stage together. The first layer and the last are kept exact: they are small, and
/// all that follows or is heard depends on them.
/// </remarks>
internal sealed unsafe class NativeDecoder : IDisposable
{
    private const string Path = "model.acoustic_tokenizer.decoder";
    private readonly AcousticConfig _config;
    private readonly LinearJob _linear;
    private readonly float _scalingFactor;
    private readonly float _biasFactor;
    private readonly int _latentWidth;
    private readonly LinearLayer _stem;
    private readonly Stage[] _stages;
    private readonly BlockJob _blockJob;
    private readonly HeadJob _headJob;
    private readonly List<int> _contextPlaces = [0];
    private readonly Activations _activations = new();
    private readonly ScratchBuffer<float> _joined = new();
    private readonly ScratchBuffer<float> _x = new();
    private readonly ScratchBuffer<float> _next = new();
    private readonly ScratchBuffer<float> _samples = new();
    private Segments _segments = new([]);

    public NativeDecoder(
        AcousticConfig config,
        PanelFormat format,
        float scalingFactor,
        float biasFactor,
        NativeWeights weights,
        WorkerLane lane,
        LinearJob linear
    )
    {
        _config = config;
        _linear = linear;
        _scalingFactor = scalingFactor;
        _biasFactor = biasFactor;
        _latentWidth = Panels.Padded(config.LatentSize);
        _blockJob = new BlockJob(lane, linear);
        _stem = Stem(config, weights);
        AddContext(config.KernelSize - 1, config.LatentSize);
        _stages =
        [
            .. Enumerable
                .Range(0, config.Channels.Count)
                .Select(i => new Stage(i, config, format, weights, AddContext)),
        ];
        _headJob = new HeadJob(lane, config, weights);
        AddContext(config.KernelSize - 1, config.Channels[^1]);
    }

    /// <summary>Where the context of each convolution begins in a stream's memory, and at last their whole length.</summary>
    public IReadOnlyList<int> ContextPlaces => _contextPlaces;

    public void Decode(ReadOnlySpan<DecoderWork> work)
    {
        _segments = _segments.Of(work, _config.LatentSize);
        var segments = _segments;
        var context = 0;
        var x = Begin(work, segments, context++);
        for (var i = 0; i < _stages.Length; i++)
        {
            var stage = _stages[i];
            if (stage.Upsampling is { } upsampling)
            {
                x = Upsample(upsampling, stage.Ratio, x, segments, context++);
            }

            foreach (var block in stage.Blocks)
            {
                _blockJob.Run(block, x, segments, context++);
            }
        }

        _headJob.Run(x, segments, context, _samples.Take(segments.Rows));
        for (var i = 0; i < segments.Count; i++)
        {
            new ReadOnlySpan<float>(_samples.Take(0) + segments.First(i), segments.RowsOf(i)).CopyTo(
                work[i].Samples.Span
            );
        }
    }

    public void Dispose()
    {
        _activations.Dispose();
        _joined.Dispose();
        _x.Dispose();
        _next.Dispose();
        _samples.Dispose();
        _blockJob.Dispose();
        _headJob.Dispose();
    }

    /// <summary>A convolution over latents, as a product with windows of <see cref="AcousticConfig.KernelSize"/> rows.</summary>
    private static LinearLayer Stem(AcousticConfig config, NativeWeights weights)
    {
        const string path = $"{Path}.upsample_layers.0.0.conv.conv";
        var (latents, outputs, taps) = (config.LatentSize, config.Channels[0], config.KernelSize);
        var width = Panels.Padded(latents);
        return weights.Made(
            weights.Exact,
            path,
            taps * width,
            outputs,
            config.HasBias ? weights.Vector($"{path}.bias", outputs) : null,
            checkpoint =>
            {
                var stored = checkpoint.Read($"{path}.weight", outputs, latents, taps);
                return (output, row) =>
                {
                    row.Clear();
                    for (var i = 0; i < latents * taps; i++)
                    {
                        row[(i % taps * width) + (i / taps)] = stored[(output * latents * taps) + i];
                    }
                };
            }
        );
    }

    private int AddContext(int rows, int channels)
    {
        _contextPlaces.Add(_contextPlaces[^1] + (rows * Panels.Padded(channels)));
        return _contextPlaces.Count - 2;
    }

    private float* Begin(ReadOnlySpan<DecoderWork> work, Segments segments, int context)
    {
        var before = _config.KernelSize - 1;
        var width = _latentWidth;
        var x = _x.Take((long)segments.Rows * _stem.Outputs);
        for (var i = 0; i < segments.Count; i++)
        {
            var rows = segments.RowsOf(i);
            var joined = _joined.Take((long)(before + rows) * width);
            new Span<float>(joined, (before + rows) * width).Clear();
            Rows.Copy(segments.Stream(i).Context(context), joined, before * width);
            var latents = work[i].Latents.Span;
            for (var j = 0; j < latents.Length; j++)
            {
                var (row, column) = Math.DivRem(j, _config.LatentSize);
                joined[((before + row) * width) + column] = (latents[j] / _scalingFactor) - _biasFactor;
            }

            Rows.Copy(joined + (rows * width), segments.Stream(i).Context(context), before * width);
            var windows = _activations.Set(_stem.Format, joined, width, rows, _stem.Inputs);
            _linear.Run(_stem, windows, x + ((nint)segments.First(i) * _stem.Outputs), _stem.Outputs);
        }

        return x;
    }

    /// <summary>
    /// y[t·r .. t·r + r) = x[t]·W[.., 0..r) + x[t−1]·W[.., r..2r) + b: one position of state (the reference keeps 2r − 1 and
    /// computes them again).
    /// </summary>
    private float* Upsample(LinearLayer upsampling, int ratio, float* x, Segments segments, int context)
    {
        var width = upsampling.Inputs / 2;
        var joined = _joined.Take((long)segments.Rows * 2 * width);
        for (var i = 0; i < segments.Count; i++)
        {
            var carried = segments.Stream(i).Context(context);
            for (var row = segments.First(i); row < segments.First(i) + segments.RowsOf(i); row++)
            {
                var current = x + ((nint)row * width);
                var target = joined + ((nint)row * 2 * width);
                Rows.Copy(current, target, width);
                Rows.Copy(row == segments.First(i) ? carried : current - width, target + width, width);
            }

            Rows.Copy(x + ((nint)(segments.First(i) + segments.RowsOf(i) - 1) * width), carried, width);
        }

        var y = (x == _x.Take(0) ? _next : _x).Take((long)segments.Rows * upsampling.Outputs);
        _linear.RunQuantized(upsampling, _activations, joined, 2 * width, segments.Rows, y, upsampling.Outputs);
        segments.Stretch(ratio);
        return y;
    }

    private sealed class Stage
    {
        public Stage(
            int stage,
            AcousticConfig config,
            PanelFormat format,
            NativeWeights weights,
            Func<int, int, int> addContext
        )
        {
            var channels = config.Channels[stage];
            if (stage > 0)
            {
                Ratio = config.Ratios[stage - 1];
                Upsampling = Open(stage, config.Channels[stage - 1], channels, Ratio, config, format, weights);
                addContext(1, config.Channels[stage - 1]);
            }

            Blocks = new NativeBlock[config.DecoderDepths[stage]];
            for (var i = 0; i < Blocks.Length; i++)
            {
                Blocks[i] = new NativeBlock($"{Path}.stages.{stage}.{i}", channels, config, format, weights);
                addContext(config.KernelSize - 1, channels);
            }
        }

        /// <summary>Null in the first stage.</summary>
        public LinearLayer? Upsampling { get; }

        public int Ratio { get; } = 1;

        public NativeBlock[] Blocks { get; }

        // W[offset·outputs + o, isPrevious·inputs + i] = stored[i, o, isPrevious·ratio + offset], widths padded.
        private static LinearLayer Open(
            int stage,
            int inputs,
            int outputs,
            int ratio,
            AcousticConfig config,
            PanelFormat format,
            NativeWeights weights
        )
        {
            var path = $"{Path}.upsample_layers.{stage}.0.convtr.convtr";
            var (inputWidth, outputWidth) = (Panels.Padded(inputs), Panels.Padded(outputs));
            float* bias = null;
            if (config.HasBias)
            {
                bias = weights.NewVector((long)ratio * outputWidth);
                var stored = weights.Vector($"{path}.bias", outputs);
                for (var offset = 0; offset < ratio; offset++)
                {
                    Rows.Copy(stored, bias + (offset * outputWidth), outputWidth);
                }
            }

            return weights.Made(
                format,
                path,
                2 * inputWidth,
                ratio * outputWidth,
                bias,
                checkpoint =>
                {
                    var stored = checkpoint.Read($"{path}.weight", inputs, outputs, 2L * ratio);
                    return (output, row) =>
                    {
                        row.Clear();
                        var (offset, o) = Math.DivRem(output, outputWidth);
                        for (var i = 0; i < inputs && o < outputs; i++)
                        {
                            var taps = stored.AsSpan(((i * outputs) + o) * 2 * ratio, 2 * ratio);
                            row[i] = taps[offset];
                            row[inputWidth + i] = taps[ratio + offset];
                        }
                    };
                }
            );
        }
    }
}
