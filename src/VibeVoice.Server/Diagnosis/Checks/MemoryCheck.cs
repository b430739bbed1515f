using System.Globalization;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether there is the memory that was measured, with the published model or with the preview voice.</summary>
internal sealed class MemoryCheck(SpeechSettings settings) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken) =>
        Task.FromResult(
            MachineMemory.Read() is { } memory
                ? Judge(memory, settings.Engine)
                : CheckResult.Skipped("The system does not tell.")
        );

    /// <summary>What some memory is for an engine.</summary>
    public static CheckResult Judge(MachineMemory memory, SpeechEngine engine)
    {
        // Float32 at most: 1.5 GB are pages of mapped weights, without which it is slow; without the rest it ends.
        var (own, full, what) =
            engine == SpeechEngine.Preview ? (0.1e9, 0.15e9, "The preview voice") : (0.3e9, 1.8e9, "The model");
        var whose = memory.IsOfContainer ? "the container" : "the machine";
        var found = string.Create(
            CultureInfo.InvariantCulture,
            $"{Gigabytes(memory.AvailableBytes)} of {Gigabytes(memory.LimitBytes)} GB of {whose} are free"
        );
        if (memory.LimitBytes < own)
        {
            return CheckResult.Problem(
                $"{found}, but {what.ToLowerInvariant()} needs {Gigabytes(full)} GB, {Gigabytes(own)} at the very least. Choose a machine "
                    + "or a limit with more."
            );
        }

        return memory.AvailableBytes < full
            ? CheckResult.Note(
                $"{found}. {what} needs {Gigabytes(full)} GB: with less the system may end it, or read the weights "
                    + "from disk over and over. Choose a machine with more, or end what uses it."
            )
            : CheckResult.Ok($"{found}; {what.ToLowerInvariant()} needs {Gigabytes(full)} GB.");
    }

    private static string Gigabytes(double bytes) => (bytes / 1e9).ToString("0.##", CultureInfo.InvariantCulture);
}
