using VibeVoice.Checkpoints;

namespace VibeVoice.Native;

/// <summary>The decoder's last convolution: one channel of sound from windows of the last stage's rows.</summary>
internal sealed unsafe class HeadJob : IParallelJob, IDisposable
{
    private const string Path = "model.acoustic_tokenizer.decoder.head.conv.conv";
    private const int TileRows = 256;
    private readonly WorkerLane _lane;
    private readonly int _width;
    private readonly int _taps;
    private readonly float* _kernel;
    private readonly float _bias;
    private readonly ScratchBuffer<float> _joined = new();
    private Segments _segments = null!;
    private float* _rows;
    private float* _samples;

    public HeadJob(WorkerLane lane, AcousticConfig config, NativeWeights weights)
    {
        var channels = config.Channels[^1];
        _lane = lane;
        _width = Panels.Padded(channels);
        _taps = config.KernelSize;
        _kernel = weights.HeadTaps($"{Path}.weight", channels, _taps);
        _bias = config.HasBias ? weights.Vector($"{Path}.bias", 1)[0] : 0;
    }

    /// <param name="x"><c>[rows, channels]</c> padded.</param>
    /// <param name="segments">Whose rows they are.</param>
    /// <param name="context">Number of its context.</param>
    /// <param name="samples">One for each row.</param>
    public void Run(float* x, Segments segments, int context, float* samples)
    {
        var before = _taps - 1;
        _segments = segments;
        _samples = samples;
        _rows = _joined.Take((long)(segments.Rows + (segments.Count * before)) * _width);
        for (var i = 0; i < segments.Count; i++)
        {
            var start = Window(segments.First(i), i);
            var carried = segments.Stream(i).Context(context);
            Rows.Copy(carried, start, before * _width);
            Rows.Copy(x + ((nint)segments.First(i) * _width), start + (before * _width), segments.RowsOf(i) * _width);
            Rows.Copy(start + ((nint)segments.RowsOf(i) * _width), carried, before * _width);
        }

        _lane.Run(this, (segments.Rows + TileRows - 1) / TileRows);
    }

    public void Run(int piece, int worker)
    {
        var end = Math.Min((piece + 1) * TileRows, _segments.Rows);
        for (var row = piece * TileRows; row < end; row++)
        {
            var window = Window(row, _segments.Find(row));
            _samples[row] = VectorMath.Dot(window, _kernel, _taps * _width) + _bias;
        }
    }

    public void Dispose() => _joined.Dispose();

    private float* Window(int row, int segment) => _rows + ((nint)(row + (segment * (_taps - 1))) * _width);
}
