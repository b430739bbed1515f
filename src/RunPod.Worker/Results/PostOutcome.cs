namespace RunPod.Worker.Results;

/// <summary>How a post ended.</summary>
/// <param name="IsDelivered">The platform has it.</param>
/// <param name="RefusedStatus">The platform will never take it, and answered this.</param>
/// <param name="Problem">What went wrong last, as a part of a sentence.</param>
internal readonly record struct PostOutcome(bool IsDelivered, int? RefusedStatus, string Problem)
{
    public static PostOutcome Delivered { get; } = new(IsDelivered: true, RefusedStatus: null, "");
}
