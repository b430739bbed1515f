namespace VibeVoice.Server.Speech;

/// <summary>Where and how exactly an engine computes, in the words of answers and logs.</summary>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Precision">As <c>--precision</c> says it: int8, or int8,decoder=int4.</param>
/// <param name="Reason">Why there, in one sentence.</param>
internal sealed record Computing(string Device, string Precision, string Reason)
{
    public static Computing Of(VibeVoiceModel model) =>
        new(Name(model.Device.Device), PrecisionChoice.Of(model).ToString(), model.Device.Reason);

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
