using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>Causal grouped-query attention of rows that belong to any sequences, a piece for each row and key/value head.</summary>
/// <remarks>
/// All queries of a head go over its keys and values together, four at a time while some of those are in the first cache: memory
/// gives them once. A row's numbers do not depend on the other rows.
/// </remarks>
internal sealed unsafe class Attention(WorkerLane lane, int queryHeads, int keyValueHeads, int headSize)
    : IParallelJob,
        IDisposable
{
    private const int Block = StreamCache.Block;
    private const int PositionsAtOnce = 64; // values of 64 positions are 16 KB
    private readonly ScratchBuffer<float>[] _scratch =
    [
        .. Enumerable.Range(0, lane.Threads).Select(_ => new ScratchBuffer<float>()),
    ];
    private readonly int _group = queryHeads / keyValueHeads;
    private readonly float _scale = 1 / MathF.Sqrt(headSize);
    private AttentionRow[] _rows = [];
    private int _layer;
    private float* _x;
    private float* _y;
    private int _xStride;
    private int _yStride;

    /// <param name="rows">The rows; keys and values up to their positions are in their caches.</param>
    /// <param name="count">How many of them.</param>
    /// <param name="layer">Of the model.</param>
    /// <param name="queries">Rotated, <c>[rows, H · Dh, …]</c>.</param>
    /// <param name="queryStride">From a row of queries to the next.</param>
    /// <param name="attended"><c>[rows, H · Dh]</c>.</param>
    /// <param name="attendedStride">From a row of the result to the next.</param>
    public void Run(
        AttentionRow[] rows,
        int count,
        int layer,
        float* queries,
        int queryStride,
        float* attended,
        int attendedStride
    )
    {
        _rows = rows;
        _layer = layer;
        _x = queries;
        _xStride = queryStride;
        _y = attended;
        _yStride = attendedStride;
        lane.Run(this, count * keyValueHeads);
    }

    public void Run(int piece, int worker)
    {
        var (row, head) = Math.DivRem(piece, keyValueHeads);
        if (Vector512.IsHardwareAccelerated)
        {
            Attend<WideLanes>(row, head, _scratch[worker]);
        }
        else
        {
            Attend<NarrowLanes>(row, head, _scratch[worker]);
        }
    }

    public void Dispose()
    {
        foreach (var scratch in _scratch)
        {
            scratch.Dispose();
        }
    }

    private void Attend<T>(int row, int head, ScratchBuffer<float> scratch)
        where T : struct, ILanes<T>
    {
        var cache = _rows[row].Cache;
        var positions = _rows[row].Position + 1;
        var padded = (positions + Block - 1) / Block * Block;
        var width = cache.ValueStride;
        var scores = scratch.Take((long)_group * (padded + width)); // [group, positions]
        var mixed = scores + ((nint)_group * padded); // [group, Dh padded]
        var first = head * _group * headSize;
        Score<T>(_x + ((nint)row * _xStride) + first, cache.Keys(_layer, head), scores, padded);
        new Span<float>(mixed, _group * width).Clear();
        var factors = stackalloc float[_group];
        for (var h = 0; h < _group; h++)
        {
            var own = scores + ((nint)h * padded);
            new Span<float>(own + positions, padded - positions).Fill(float.NegativeInfinity); // not there yet, or of a later row
            factors[h] = 1 / Exponentiate<T>(own, padded);
        }

        var values = cache.Values(_layer, head);
        for (var start = 0; start < positions; start += PositionsAtOnce)
        {
            var count = Math.Min(PositionsAtOnce, positions - start);
            Mix<T>(values + ((nint)start * width), width, scores + start, padded, count, mixed);
        }

        var y = _y + ((nint)row * _yStride) + first;
        for (var h = 0; h < _group; h++)
        {
            for (var i = 0; i < headSize; i++)
            {
                y[(h * headSize) + i] = mixed[(h * width) + i] * factors[h];
            }
        }
    }

    /// <summary>Scaled products of all queries with all keys, a block of keys after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score<T>(float* queries, float* keys, float* scores, int padded)
        where T : struct, ILanes<T>
    {
        var last = _group - 1;
        for (var position = 0; position < padded; position += Block)
        {
            for (var h = 0; h < _group; h += 4)
            {
                // Where there are no four, the last one several times.
                var (h1, h2, h3) = (Math.Min(h + 1, last), Math.Min(h + 2, last), Math.Min(h + 3, last));
                var q0 = queries + (h * headSize);
                var q1 = queries + (h1 * headSize);
                var q2 = queries + (h2 * headSize);
                var q3 = queries + (h3 * headSize);
                var (a, b, c, d) = (T.All(0), T.All(0), T.All(0), T.All(0));
                var key = keys;
                for (var i = 0; i < headSize; i++)
                {
                    var numbers = T.Load(key);
                    a = T.MultiplyAdd(numbers, T.All(q0[i]), a);
                    b = T.MultiplyAdd(numbers, T.All(q1[i]), b);
                    c = T.MultiplyAdd(numbers, T.All(q2[i]), c);
                    d = T.MultiplyAdd(numbers, T.All(q3[i]), d);
                    key += Block;
                }

                var scale = T.All(_scale);
                (a * scale).Store(scores + ((nint)h * padded) + position);
                (b * scale).Store(scores + ((nint)h1 * padded) + position);
                (c * scale).Store(scores + ((nint)h2 * padded) + position);
                (d * scale).Store(scores + ((nint)h3 * padded) + position);
            }

            keys += Block * headSize;
        }
    }

    /// <summary>e to the power of each score less the largest; returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentiate<T>(float* scores, int padded)
        where T : struct, ILanes<T>
    {
        var most = T.Load(scores);
        for (var i = Block; i < padded; i += Block)
        {
            most = T.Max(most, T.Load(scores + i));
        }

        var (sum, largest) = (T.All(0), T.All(T.Largest(most)));
        for (var i = 0; i < padded; i += Block)
        {
            var weights = T.Exp(T.Load(scores + i) - largest);
            weights.Store(scores + i);
            sum += weights;
        }

        return T.Sum(sum);
    }

    /// <summary>Adds to each query's sum some values times its weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mix<T>(float* values, int width, float* weights, int weightStride, int positions, float* mixed)
        where T : struct, ILanes<T>
    {
        var last = _group - 1;
        for (var h = 0; h < _group; h += 4)
        {
            var (h1, h2, h3) = (Math.Min(h + 1, last), Math.Min(h + 2, last), Math.Min(h + 3, last));
            var w0 = weights + ((nint)h * weightStride);
            var w1 = weights + ((nint)h1 * weightStride);
            var w2 = weights + ((nint)h2 * weightStride);
            var w3 = weights + ((nint)h3 * weightStride);
            for (var first = 0; first < width; first += Block)
            {
                var y0 = mixed + (h * width) + first;
                var y1 = mixed + (h1 * width) + first;
                var y2 = mixed + (h2 * width) + first;
                var y3 = mixed + (h3 * width) + first;
                var (a, b, c, d) = (T.Load(y0), T.Load(y1), T.Load(y2), T.Load(y3));
                var value = values + first;
                for (var position = 0; position < positions; position++)
                {
                    var numbers = T.Load(value);
                    a = T.MultiplyAdd(numbers, T.All(w0[position]), a);
                    b = T.MultiplyAdd(numbers, T.All(w1[position]), b);
                    c = T.MultiplyAdd(numbers, T.All(w2[position]), c);
                    d = T.MultiplyAdd(numbers, T.All(w3[position]), d);
                    value += width;
                }

                a.Store(y0);
                b.Store(y1);
                c.Store(y2);
                d.Store(y3);
            }
        }
    }
}
