using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>Causal grouped-query attention of rows that belong to any sequences, a piece for each row and key/value head.</summary>
/// <remarks>A row's numbers do not depend on the other rows.</remarks>
internal sealed unsafe class Attention(WorkerPool pool, int queryHeads, int keyValueHeads, int headSize)
    : IParallelJob,
        IDisposable
{
    private const int Block = StreamCache.Block;
    private readonly ScratchBuffer<float>[] _scores =
    [
        .. Enumerable.Range(0, pool.Threads).Select(_ => new ScratchBuffer<float>()),
    ];
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
        pool.Run(this, count * keyValueHeads);
    }

    public void Run(int piece, int worker)
    {
        var (row, head) = Math.DivRem(piece, keyValueHeads);
        var cache = _rows[row].Cache;
        var positions = _rows[row].Position + 1;
        var blocks = (positions + Block - 1) / Block;
        var scores = _scores[worker].Take((long)blocks * Block);
        var group = queryHeads / keyValueHeads;
        for (var h = head * group; h < (head + 1) * group; h++)
        {
            var query = _x + ((nint)row * _xStride) + (h * headSize);
            var largest = Score(query, cache.Keys(_layer, head), scores, blocks, positions);
            var sum = Exponentiate(scores, blocks, largest);
            Mix(
                cache.Values(_layer, head),
                cache.ValueStride,
                scores,
                positions,
                1 / sum,
                _y + ((nint)row * _yStride) + (h * headSize)
            );
        }
    }

    public void Dispose()
    {
        foreach (var scores in _scores)
        {
            scores.Dispose();
        }
    }

    /// <returns>The largest score of the positions that are seen.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Score(float* query, float* keys, float* scores, int blocks, int positions)
    {
        var scale = Vector256.Create(_scale);
        for (var block = 0; block < blocks; block++)
        {
            var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var (c, d) = (Vector256<float>.Zero, Vector256<float>.Zero);
            for (var i = 0; i < headSize; i += 2)
            {
                var (q, r) = (Vector256.Create(query[i]), Vector256.Create(query[i + 1]));
                a = Vector256.MultiplyAddEstimate(Vector256.Load(keys), q, a);
                b = Vector256.MultiplyAddEstimate(Vector256.Load(keys + 8), q, b);
                c = Vector256.MultiplyAddEstimate(Vector256.Load(keys + 16), r, c);
                d = Vector256.MultiplyAddEstimate(Vector256.Load(keys + 24), r, d);
                keys += 2 * Block;
            }

            ((a + c) * scale).Store(scores + (block * Block));
            ((b + d) * scale).Store(scores + (block * Block) + 8);
        }

        for (var i = positions; i < blocks * Block; i++)
        {
            scores[i] = float.NegativeInfinity; // not there yet, or of a later row
        }

        var most = Vector256.Create(float.NegativeInfinity);
        for (var i = 0; i < blocks * Block; i += 8)
        {
            most = Vector256.MaxNative(most, Vector256.Load(scores + i));
        }

        var half = Vector128.Max(most.GetLower(), most.GetUpper());
        return MathF.Max(MathF.Max(half[0], half[1]), MathF.Max(half[2], half[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentiate(float* scores, int blocks, float largest)
    {
        var (sum, most) = (Vector256<float>.Zero, Vector256.Create(largest));
        for (var i = 0; i < blocks * Block; i += 8)
        {
            var weights = VectorMath.Exp(Vector256.Load(scores + i) - most);
            weights.Store(scores + i);
            sum += weights;
        }

        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mix(float* values, int stride, float* weights, int positions, float scale, float* y)
    {
        var mixed = stackalloc float[Panels.Outputs];
        for (var first = 0; first < headSize; first += Panels.Outputs)
        {
            var (a, b) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var (c, d) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var v = values + first;
            var position = 0;
            for (; position + 2 <= positions; position += 2)
            {
                var (w, u) = (Vector256.Create(weights[position]), Vector256.Create(weights[position + 1]));
                a = Vector256.MultiplyAddEstimate(Vector256.Load(v), w, a);
                b = Vector256.MultiplyAddEstimate(Vector256.Load(v + 8), w, b);
                c = Vector256.MultiplyAddEstimate(Vector256.Load(v + stride), u, c);
                d = Vector256.MultiplyAddEstimate(Vector256.Load(v + stride + 8), u, d);
                v += 2 * stride;
            }

            if (position < positions)
            {
                var w = Vector256.Create(weights[position]);
                a = Vector256.MultiplyAddEstimate(Vector256.Load(v), w, a);
                b = Vector256.MultiplyAddEstimate(Vector256.Load(v + 8), w, b);
            }

            ((a + c) * Vector256.Create(scale)).Store(mixed);
            ((b + d) * Vector256.Create(scale)).Store(mixed + 8);
            new ReadOnlySpan<float>(mixed, Math.Min(Panels.Outputs, headSize - first)).CopyTo(
                new Span<float>(y + first, headSize)
            );
        }
    }
}
