using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace VibeVoice.Native;

/// <summary>Sixteen numbers that are computed alike: code is written once for processors with vectors of sixteen and of eight.</summary>
internal unsafe interface ILanes<TSelf>
    : IAdditionOperators<TSelf, TSelf, TSelf>,
        ISubtractionOperators<TSelf, TSelf, TSelf>,
        IMultiplyOperators<TSelf, TSelf, TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    static abstract TSelf Load(float* numbers);

    /// <summary>One number in all lanes.</summary>
    static abstract TSelf All(float number);

    /// <summary>x · y + sum.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf sum);

    /// <summary>The larger of each lane; which one where a number is none is not told.</summary>
    static abstract TSelf Max(TSelf x, TSelf y);

    static abstract TSelf Abs(TSelf x);

    /// <summary>To the nearest whole number.</summary>
    static abstract TSelf Round(TSelf x);

    /// <summary>2^n of whole numbers from −126 to 127; of −127, 0.</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    /// <summary>Of each lane, the one where x is less than 0, else the other.</summary>
    static abstract TSelf WhereNegative(TSelf x, TSelf one, TSelf other);

    /// <inheritdoc cref="VectorMath.Exp(Vector256{float})"/>
    static abstract TSelf Exp(TSelf x);

    /// <summary>The largest of all lanes.</summary>
    static abstract float Largest(TSelf x);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(TSelf x);

    void Store(float* numbers);
}

/// <summary>One vector.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe struct WideLanes(Vector512<float> numbers) : ILanes<WideLanes>
{
    private readonly Vector512<float> _numbers = numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes operator +(WideLanes left, WideLanes right) => new(left._numbers + right._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes operator -(WideLanes left, WideLanes right) => new(left._numbers - right._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes operator *(WideLanes left, WideLanes right) => new(left._numbers * right._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes Load(float* numbers) => new(Vector512.Load(numbers));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes All(float number) => new(Vector512.Create(number));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes MultiplyAdd(WideLanes x, WideLanes y, WideLanes sum) =>
        new(Vector512.MultiplyAddEstimate(x._numbers, y._numbers, sum._numbers));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes Max(WideLanes x, WideLanes y) => new(Vector512.MaxNative(x._numbers, y._numbers));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes Abs(WideLanes x) => new(Vector512.Abs(x._numbers));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes Round(WideLanes x) => new(Vector512.Round(x._numbers));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes PowerOfTwo(WideLanes n) =>
        new(((Vector512.ConvertToInt32Native(n._numbers) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes WhereNegative(WideLanes x, WideLanes one, WideLanes other) =>
        new(
            Vector512.ConditionalSelect(
                Vector512.LessThan(x._numbers, Vector512<float>.Zero),
                one._numbers,
                other._numbers
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideLanes Exp(WideLanes x) => new(VectorMath.Exp(x._numbers));

    public static float Largest(WideLanes x) =>
        NarrowLanes.Largest(new NarrowLanes(x._numbers.GetLower(), x._numbers.GetUpper()));

    public static float Sum(WideLanes x) =>
        NarrowLanes.Sum(new NarrowLanes(x._numbers.GetLower(), x._numbers.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* numbers) => _numbers.Store(numbers);
}

/// <summary>Two vectors of eight.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly unsafe struct NarrowLanes(Vector256<float> lower, Vector256<float> upper) : ILanes<NarrowLanes>
{
    private const int Half = 8;
    private readonly Vector256<float> _lower = lower;
    private readonly Vector256<float> _upper = upper;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes operator +(NarrowLanes left, NarrowLanes right) =>
        new(left._lower + right._lower, left._upper + right._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes operator -(NarrowLanes left, NarrowLanes right) =>
        new(left._lower - right._lower, left._upper - right._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes operator *(NarrowLanes left, NarrowLanes right) =>
        new(left._lower * right._lower, left._upper * right._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes Load(float* numbers) => new(Vector256.Load(numbers), Vector256.Load(numbers + Half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes All(float number) => new(Vector256.Create(number), Vector256.Create(number));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes MultiplyAdd(NarrowLanes x, NarrowLanes y, NarrowLanes sum) =>
        new(
            Vector256.MultiplyAddEstimate(x._lower, y._lower, sum._lower),
            Vector256.MultiplyAddEstimate(x._upper, y._upper, sum._upper)
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes Max(NarrowLanes x, NarrowLanes y) =>
        new(Vector256.MaxNative(x._lower, y._lower), Vector256.MaxNative(x._upper, y._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes Abs(NarrowLanes x) => new(Vector256.Abs(x._lower), Vector256.Abs(x._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes Round(NarrowLanes x) => new(Vector256.Round(x._lower), Vector256.Round(x._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes PowerOfTwo(NarrowLanes n) => new(PowerOfTwo(n._lower), PowerOfTwo(n._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes WhereNegative(NarrowLanes x, NarrowLanes one, NarrowLanes other) =>
        new(WhereNegative(x._lower, one._lower, other._lower), WhereNegative(x._upper, one._upper, other._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowLanes Exp(NarrowLanes x) => new(VectorMath.Exp(x._lower), VectorMath.Exp(x._upper));

    public static float Largest(NarrowLanes x)
    {
        var eight = Vector256.MaxNative(x._lower, x._upper);
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    public static float Sum(NarrowLanes x) => Vector256.Sum(x._lower + x._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* numbers)
    {
        _lower.Store(numbers);
        _upper.Store(numbers + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<float> n) =>
        ((Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WhereNegative(Vector256<float> x, Vector256<float> one, Vector256<float> other) =>
        Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256<float>.Zero), one, other);
}
