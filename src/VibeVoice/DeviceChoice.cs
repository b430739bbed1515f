using VibeVoice.Devices;
using VibeVoice.Graphs;

namespace VibeVoice;

/// <summary>A device that can be used, and why it is this one.</summary>
/// <param name="Device">The processor or CUDA.</param>
/// <param name="Reason">One sentence for a log.</param>
/// <remarks>Immutable, and safe to share between threads; nothing to dispose.</remarks>
public sealed record DeviceChoice(ModelDevice Device, string Reason)
{
    /// <summary>Whether this build can compute on a GPU at all; in one that can, that is what it is for.</summary>
    public static bool IsCudaBuild => CudaDriver.IsInTheBuild;

    /// <summary>How exactly a model computes on this device unless it is told otherwise.</summary>
    public ModelPrecision DefaultPrecision => Device == ModelDevice.Cuda ? ModelPrecision.Float16 : ModelPrecision.Int8;

    /// <summary>Says why a model cannot compute so on this device, before one is loaded.</summary>
    /// <param name="precision">Of the whole; null for <see cref="DefaultPrecision"/>.</param>
    /// <param name="parts">Of parts with their own; null for none.</param>
    /// <returns>One sentence; null where it can.</returns>
    public string? FindProblem(ModelPrecision? precision, ModelPartPrecisions? parts) =>
        PartPrecisions.Combine(precision ?? DefaultPrecision, parts).ProblemOn(Device);

    /// <summary>Looks at the build and the machine, and loads nothing.</summary>
    /// <param name="wanted">A device, or <see cref="ModelDevice.Auto"/>.</param>
    /// <returns>What was wanted; never another in its place.</returns>
    /// <exception cref="DeviceUnavailableException">CUDA was wanted and cannot be used.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public static DeviceChoice Make(ModelDevice wanted) =>
        wanted switch
        {
            ModelDevice.Cpu => new(ModelDevice.Cpu, "The CPU was asked for."),
            ModelDevice.Cuda => Cuda(CudaDriver.Examine()),
            ModelDevice.Auto => Automatic(CudaDriver.Examine()),
            _ => throw new ArgumentOutOfRangeException(nameof(wanted), wanted, "Choose Cpu, Cuda or Auto."),
        };

    internal static DeviceChoice Cuda(CudaFacts facts) =>
        facts.Problem is { } problem
            ? throw new DeviceUnavailableException(problem)
            : new(ModelDevice.Cuda, $"CUDA was asked for: {facts.Description}.");

    internal static DeviceChoice Automatic(CudaFacts facts) =>
        facts.Problem is { } problem
            ? new(ModelDevice.Cpu, $"The CPU was chosen, since CUDA cannot be used. {problem}")
            : new(ModelDevice.Cuda, $"CUDA was chosen: {facts.Description}.");
}
