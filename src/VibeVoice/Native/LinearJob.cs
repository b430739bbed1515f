using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>A linear layer over rows, in pieces of some outputs and some rows.</summary>
/// <remarks>One for a lane: jobs come one after the other.</remarks>
internal sealed unsafe class LinearJob(WorkerLane lane) : IParallelJob
{
    private const int TileRows = 32;
    private const long PieceBytes = 96 * 1024;
    private const int PieceProducts = 1_000_000;
    private LinearLayer _layer = null!;
    private Activations _x = null!;
    private float* _y;
    private int _stride;
    private Finish _finish;
    private float* _factors;
    private int _factorStride;
    private int _panelsPerPiece;
    private int _panelPieces;
    private bool _isQuantizing;

    /// <param name="layer">The layer.</param>
    /// <param name="x">Its input.</param>
    /// <param name="y">Where its output goes.</param>
    /// <param name="stride">From a row of y to the next.</param>
    /// <param name="finish">What is done before.</param>
    /// <param name="factors">Of <see cref="Finish.AddScaled"/>.</param>
    /// <param name="factorStride">From the factors of a row to those of the next; 0 for all the same.</param>
    public void Run(
        LinearLayer layer,
        Activations x,
        float* y,
        int stride,
        Finish finish = Finish.Store,
        float* factors = null,
        int factorStride = 0
    )
    {
        _layer = layer;
        _x = x;
        _y = y;
        _stride = stride;
        _finish = finish;
        _factors = factors;
        _factorStride = factorStride;
        var group = finish == Finish.Gate ? 2 : 1;
        var groups = layer.PanelCount / group;
        var tiles = (x.Rows + TileRows - 1) / TileRows;
        var byTraffic = layer.Bytes / PieceBytes;
        var byWork = (long)layer.Outputs * layer.Inputs * Math.Min(x.Rows, TileRows) / PieceProducts;
        _panelPieces = (int)Math.Clamp(Math.Max(byTraffic, byWork), 1, Math.Min(groups, 16L * lane.Threads));
        _panelsPerPiece = (groups + _panelPieces - 1) / _panelPieces * group;
        _panelPieces = (layer.PanelCount + _panelsPerPiece - 1) / _panelsPerPiece;
        lane.Run(this, _panelPieces * tiles);
    }

    /// <summary>A layer over many rows, which the threads convert first.</summary>
    public void RunQuantized(
        LinearLayer layer,
        Activations x,
        float* values,
        int xStride,
        int rows,
        float* y,
        int yStride
    )
    {
        x.Prepare(layer.Format, values, xStride, rows, layer.Inputs);
        _layer = layer;
        _x = x;
        _isQuantizing = true;
        lane.Run(this, (rows + TileRows - 1) / TileRows);
        _isQuantizing = false;
        Run(layer, x, y, yStride);
    }

    public void Run(int piece, int worker)
    {
        if (_isQuantizing)
        {
            var start = piece * TileRows;
            _x.Quantize(_layer.Format, _layer.Inputs, start, Math.Min(TileRows, _x.Rows - start));
            return;
        }

        var (tile, part) = Math.DivRem(piece, _panelPieces);
        var first = part * _panelsPerPiece;
        var firstRow = tile * TileRows;
        Compute(
            _layer,
            _x,
            firstRow,
            Math.Min(TileRows, _x.Rows - firstRow),
            first,
            Math.Min(first + _panelsPerPiece, _layer.PanelCount),
            _y + ((nint)firstRow * _stride),
            _stride,
            _finish,
            _factors + ((nint)firstRow * _factorStride),
            _factorStride
        );
    }

    /// <summary>Some panels for some rows, on this thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(
        LinearLayer layer,
        Activations x,
        int firstRow,
        int rows,
        int firstPanel,
        int endPanel,
        float* y,
        int stride,
        Finish finish,
        float* factors,
        int factorStride
    )
    {
        const int width = Panels.Outputs;
        var v = stackalloc float[TileRows * width * 2];
        if (finish == Finish.Gate)
        {
            for (var panel = firstPanel; panel < endPanel; panel += 2)
            {
                var up = v + (TileRows * width);
                layer.Multiply(panel, x, firstRow, rows, v, width);
                layer.Multiply(panel + 1, x, firstRow, rows, up, width);
                for (var row = 0; row < rows; row++)
                {
                    var target = y + ((nint)row * stride) + (panel / 2 * width);
                    for (var i = 0; i < width; i += 8)
                    {
                        var gate = VectorMath.Silu(Vector256.Load(v + (row * width) + i));
                        (gate * Vector256.Load(up + (row * width) + i)).Store(target + i);
                    }
                }
            }

            return;
        }

        for (var panel = firstPanel; panel < endPanel; panel++)
        {
            layer.Multiply(panel, x, firstRow, rows, v, width);
            var column = panel * width;
            var bias = layer.Bias is null ? null : layer.Bias + column;
            var target = new Rows.Place(y + column, stride);
            var factor = new Rows.Place(factors + column, factorStride);
            switch (finish)
            {
                case Finish.Relu:
                    Write<Relu>(v, rows, bias, target, factor);
                    break;
                case Finish.Silu:
                    Write<Silu>(v, rows, bias, target, factor);
                    break;
                case Finish.Gelu:
                    for (var row = 0; row < rows; row++)
                    {
                        VectorMath.GeluOfSum(v + (row * width), bias, width);
                    }

                    Write<Store>(v, rows, null, target, factor);
                    break;
                case Finish.Add:
                    Write<Add>(v, rows, bias, target, factor);
                    break;
                case Finish.AddScaled:
                    Write<AddScaled>(v, rows, bias, target, factor);
                    break;
                default:
                    Write<Store>(v, rows, bias, target, factor);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write<TFinish>(float* v, int rows, float* bias, Rows.Place target, Rows.Place factor)
        where TFinish : struct, IFinish
    {
        var lower = bias is null ? Vector256<float>.Zero : Vector256.Load(bias);
        var upper = bias is null ? Vector256<float>.Zero : Vector256.Load(bias + 8);
        var y = target.Start;
        var f = factor.Start;
        for (var row = 0; row < rows; row++)
        {
            TFinish.Apply(Vector256.Load(v) + lower, y, f).Store(y);
            TFinish.Apply(Vector256.Load(v + 8) + upper, y + 8, f + 8).Store(y + 8);
            v += Panels.Outputs;
            y += target.Stride;
            f += factor.Stride;
        }
    }

    private interface IFinish
    {
        static abstract Vector256<float> Apply(Vector256<float> value, float* y, float* factor);
    }

    private readonly struct Store : IFinish
    {
        public static Vector256<float> Apply(Vector256<float> value, float* y, float* factor) => value;
    }

    private readonly struct Relu : IFinish
    {
        public static Vector256<float> Apply(Vector256<float> value, float* y, float* factor) =>
            Vector256.Max(value, Vector256<float>.Zero);
    }

    private readonly struct Silu : IFinish
    {
        public static Vector256<float> Apply(Vector256<float> value, float* y, float* factor) => VectorMath.Silu(value);
    }

    private readonly struct Add : IFinish
    {
        public static Vector256<float> Apply(Vector256<float> value, float* y, float* factor) =>
            value + Vector256.Load(y);
    }

    private readonly struct AddScaled : IFinish
    {
        public static Vector256<float> Apply(Vector256<float> value, float* y, float* factor) =>
            Vector256.MultiplyAddEstimate(value, Vector256.Load(factor), Vector256.Load(y));
    }
}
