using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>A block over the rows of all streams.</summary>
/// <remarks>
/// First the norm of all rows, after what each stream carried on; then the rest. With many rows and small matrices a
/// thread takes some rows through all the rest while they are in its cache; with few rows and large matrices the threads share
/// the matrices instead.
/// </remarks>
internal sealed unsafe class BlockJob(WorkerLane lane, LinearJob linear) : IParallelJob, IDisposable
{
    private const int TileRows = 32;
    private const int RowsWorthSharing = 32;
    private readonly Scratch[] _scratch = [.. Enumerable.Range(0, lane.Threads).Select(_ => new Scratch())];
    private readonly ScratchBuffer<float> _joined = new();
    private NativeBlock _block = null!;
    private Segments _segments = null!;
    private float* _x;
    private float* _normed;
    private int _rowsOfTile;
    private bool _isNorming;

    /// <param name="block">Its weights.</param>
    /// <param name="x"><c>[rows, channels]</c> padded, changed in place.</param>
    /// <param name="segments">Whose rows they are.</param>
    /// <param name="context">Number of the convolution's context.</param>
    public void Run(NativeBlock block, float* x, Segments segments, int context)
    {
        _block = block;
        _segments = segments;
        _x = x;
        var before = block.Taps - 1;
        _normed = _joined.Take((long)(segments.Rows + (segments.Count * before)) * block.Width);
        for (var i = 0; i < segments.Count; i++)
        {
            Rows.Copy(
                segments.Stream(i).Context(context),
                NormedRow(segments.First(i), i) - (before * block.Width),
                before * block.Width
            );
        }

        var isShared = segments.Rows >= RowsWorthSharing;
        var share = (segments.Rows + (2 * lane.Threads) - 1) / (2 * lane.Threads);
        _rowsOfTile = isShared ? Math.Min(TileRows, (share + 7) / 8 * 8) : segments.Rows;
        var tiles = (segments.Rows + _rowsOfTile - 1) / _rowsOfTile;
        _isNorming = true;
        lane.Run(this, tiles);
        for (var i = 0; i < segments.Count; i++)
        {
            var end = NormedRow(segments.First(i) + segments.RowsOf(i), i);
            Rows.Copy(end - (before * block.Width), segments.Stream(i).Context(context), before * block.Width);
        }

        _isNorming = false;
        if (isShared)
        {
            lane.Run(this, tiles);
        }
        else
        {
            RunWhole();
        }
    }

    public void Run(int piece, int worker)
    {
        var first = piece * _rowsOfTile;
        var end = Math.Min(first + _rowsOfTile, _segments.Rows);
        if (_isNorming)
        {
            NormRows(first, end);
        }
        else
        {
            RunTile(first, end - first, _scratch[worker]);
        }
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch)
        {
            scratch.Dispose();
        }

        _joined.Dispose();
    }

    private float* NormedRow(int row, int segment) =>
        _normed + ((nint)(row + ((segment + 1) * (_block.Taps - 1))) * _block.Width);

    private void NormRows(int first, int end)
    {
        for (var row = first; row < end; row++)
        {
            var x = _x + ((nint)row * _block.Width);
            VectorMath.RmsNorm(x, _block.Norm, NormedRow(row, _segments.Find(row)), _block.Channels, _block.Epsilon);
        }
    }

    private void RunTile(int first, int rows, Scratch scratch)
    {
        var (block, width) = (_block, _block.Width);
        var x = _x + ((nint)first * width);
        var normed = Mix(first, rows, scratch);
        var narrow = scratch.Narrow.Set(block.Widen.Format, normed, width, rows, block.Channels);
        var wide = Widen(block, narrow, rows, scratch);
        LinearJob.Compute(
            block.Narrow,
            wide,
            0,
            rows,
            0,
            block.Narrow.PanelCount,
            x,
            width,
            Finish.AddScaled,
            block.FfnScale,
            0
        );
    }

    private void RunWhole()
    {
        var (block, width, rows, scratch) = (_block, _block.Width, _segments.Rows, _scratch[0]);
        var normed = Mix(0, rows, scratch);
        var innerWidth = block.Widen.Outputs;
        var inner = scratch.Inner.Take((long)rows * innerWidth);
        var narrow = scratch.Narrow.Set(block.Widen.Format, normed, width, rows, block.Channels);
        linear.Run(block.Widen, narrow, inner, innerWidth, Finish.Gelu);
        var wide = scratch.Wide.Set(block.Narrow.Format, inner, innerWidth, rows, block.Narrow.Inputs);
        linear.Run(block.Narrow, wide, _x, width, Finish.AddScaled, block.FfnScale);
    }

    /// <summary>What the first layer and GELU make of some rows, as the second layer takes it.</summary>
    private static Activations Widen(NativeBlock block, Activations x, int rows, Scratch scratch)
    {
        var (widen, format) = (block.Widen, block.Narrow.Format);
        if (format.IsQuantized() && widen.Format.IsQuantized() && widen.Outputs % Int8Panels.Block == 0)
        {
            return WidenByBlocks(widen, x, rows, scratch.Wide, block.Narrow);
        }

        var inner = scratch.Inner.Take((long)rows * widen.Outputs);
        LinearJob.Compute(widen, x, 0, rows, 0, widen.PanelCount, inner, widen.Outputs, Finish.Gelu, null, 0);
        return scratch.Wide.Set(format, inner, widen.Outputs, rows, block.Narrow.Inputs);
    }

    // A block of the next layer's inputs at a time, from the product to its 16 bits: what lies between is the largest thing in
    // a frame, and would go out to the second cache and come back.
    private static Activations WidenByBlocks(
        LinearLayer widen,
        Activations x,
        int rows,
        Activations result,
        LinearLayer next
    )
    {
        const int panels = Int8Panels.Block / Panels.Outputs;
        var v = stackalloc float[ActivationTiles.Rows * Int8Panels.Block];
        result.Prepare(next.Format, null, 0, rows, next.Inputs);
        for (var block = 0; block < result.Blocks; block++)
        {
            var bias = widen.Bias is null ? null : widen.Bias + (block * Int8Panels.Block);
            for (var first = 0; first < rows; first += ActivationTiles.Rows)
            {
                var count = Math.Min(ActivationTiles.Rows, rows - first);
                for (var panel = 0; panel < panels; panel++)
                {
                    var y = v + (panel * Panels.Outputs);
                    widen.Multiply((block * panels) + panel, x, first, count, y, Int8Panels.Block);
                }

                for (var row = 0; row < count; row++)
                {
                    var values = v + (row * Int8Panels.Block);
                    VectorMath.GeluOfSum(values, bias, Int8Panels.Block);
                    result.SetBlock(first + row, block, values);
                }
            }
        }

        return result;
    }

    /// <summary>The convolution of some rows, added to them, and the norm of the sums.</summary>
    private float* Mix(int first, int rows, Scratch scratch)
    {
        var (block, width) = (_block, _block.Width);
        var normed = scratch.Normed.Take((long)rows * width);
        for (var i = 0; i < rows; i++)
        {
            var row = first + i;
            var x = _x + ((nint)row * width);
            var window = NormedRow(row, _segments.Find(row)) - ((block.Taps - 1) * width);
            Convolve(window, block.Kernel, block.KernelBias, block.Scale, x, width, block.Taps);
            VectorMath.RmsNorm(x, block.FfnNorm, normed + ((nint)i * width), block.Channels, block.Epsilon);
        }

        return normed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convolve(float* window, float* kernel, float* bias, float* scale, float* x, int width, int taps)
    {
        var c = 0;
        for (; Vector512.IsHardwareAccelerated && c < width; c += 16)
        {
            var sum = Vector512.Load(bias + c);
            for (var tap = 0; tap < taps; tap++)
            {
                var offset = (tap * width) + c;
                sum = Vector512.MultiplyAddEstimate(
                    Vector512.Load(window + offset),
                    Vector512.Load(kernel + offset),
                    sum
                );
            }

            Vector512.MultiplyAddEstimate(sum, Vector512.Load(scale + c), Vector512.Load(x + c)).Store(x + c);
        }

        for (; c < width; c += 8)
        {
            var sum = Vector256.Load(bias + c);
            for (var tap = 0; tap < taps; tap++)
            {
                var offset = (tap * width) + c;
                sum = Vector256.MultiplyAddEstimate(
                    Vector256.Load(window + offset),
                    Vector256.Load(kernel + offset),
                    sum
                );
            }

            Vector256.MultiplyAddEstimate(sum, Vector256.Load(scale + c), Vector256.Load(x + c)).Store(x + c);
        }
    }

    /// <summary>What one thread needs for its rows.</summary>
    private sealed class Scratch : IDisposable
    {
        public ScratchBuffer<float> Normed { get; } = new();

        public ScratchBuffer<float> Inner { get; } = new();

        public Activations Narrow { get; } = new();

        public Activations Wide { get; } = new();

        public void Dispose()
        {
            Normed.Dispose();
            Inner.Dispose();
            Narrow.Dispose();
            Wide.Dispose();
        }
    }
}
