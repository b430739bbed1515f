using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Benchmarking;

/// <summary>What one run of <c>vibevoice bench</c> measures.</summary>
/// <param name="Model">Folder of the checkpoint.</param>
/// <param name="Voice">File of the preset.</param>
/// <param name="Device">Where it computes.</param>
/// <param name="Precision">How exactly.</param>
/// <param name="Threads">Of one run; null for as many as the process may use.</param>
/// <param name="Steps">Diffusion steps; null for the checkpoint's default.</param>
/// <param name="Streams">Requests at once.</param>
/// <param name="Frames">Frames of each.</param>
/// <param name="CompiledFolder">Where compiled weights are kept; null for memory.</param>
internal sealed record BenchOptions(
    string Model,
    string Voice,
    ModelDevice Device,
    PrecisionChoice Precision,
    int? Threads,
    int? Steps,
    int Streams,
    int Frames,
    string? CompiledFolder
);
