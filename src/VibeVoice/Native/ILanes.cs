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
}
