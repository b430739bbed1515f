namespace VibeVoice;

/// <summary>All slots of a model are taken, and as many speeches wait for one as may.</summary>
/// <remarks>Nothing was computed: the same speech may be asked for again later. Safe to share between threads; nothing to dispose.</remarks>
public sealed class ModelBusyException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="slots">Speeches that are being spoken.</param>
    /// <param name="waiting">Speeches that wait.</param>
    public ModelBusyException(int slots, int waiting)
        : base(
            FormattableString.Invariant(
                $"The model speaks {slots} texts at once, and {waiting} more wait, which is the most that may. Try again later, or load the model with more ModelOptions.Slots, or a larger ModelOptions.MostWaiting."
            )
        )
    {
        Slots = slots;
        Waiting = waiting;
    }

    /// <summary>Speeches that are being spoken.</summary>
    public int Slots { get; }

    /// <summary>Speeches that wait.</summary>
    public int Waiting { get; }
}
