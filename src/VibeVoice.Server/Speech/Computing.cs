namespace VibeVoice.Server.Speech;

/// <summary>Where and how exactly an engine computes, in the words of answers and logs.</summary>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Precision">float32 or float16.</param>
/// <param name="Reason">Why there, in one sentence.</param>
internal sealed record Computing(string Device, string Precision, string Reason)
{
    public static Computing Of(VibeVoiceModel model) =>
        new(Name(model.Device.Device), Name(model.Precision), model.Device.Reason);

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
