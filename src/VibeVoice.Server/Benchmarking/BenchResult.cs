using System.Text.Json.Serialization;

namespace VibeVoice.Server.Benchmarking;

/// <summary>The figures of one run; as JSON, what <c>vibevoice bench --json</c> prints.</summary>
/// <param name="Precision">That was computed in.</param>
/// <param name="Threads">Of one run of a part.</param>
/// <param name="Steps">Diffusion steps of each frame.</param>
/// <param name="Streams">Requests at once.</param>
/// <param name="Frames">Of all streams together.</param>
/// <param name="RealTimeFactor">Wall time over the audio of all streams.</param>
/// <param name="FirstAudioMs">From the call to the first frame, with the model warm and the text known: a median.</param>
/// <param name="LoadMs">From the folder to a model and a voice that can speak.</param>
/// <param name="PeakRssMb">Most resident memory of the process so far, pages of mapped files with it.</param>
/// <param name="FileBackedMb">Pages of mapped files in memory at the end: the system takes them back when it needs to.</param>
/// <param name="MemoryGrowthMb">Memory of its own at the end, less that after the first tenth of the frames.</param>
/// <param name="AllocatedBytesPerFrame">Managed memory taken for a frame, its samples apart.</param>
/// <param name="LateOverEarly">
/// Time of a frame after the run over one of a model that was just loaded, at the same context and in turns.
/// </param>
/// <param name="Contexts">How fast the first stream was at growing context, a figure for some hundred frames.</param>
/// <param name="MsPerFrame">By part, and in total.</param>
internal sealed record BenchResult(
    string Precision,
    int Threads,
    int Steps,
    int Streams,
    int Frames,
    double RealTimeFactor,
    double FirstAudioMs,
    double LoadMs,
    double PeakRssMb,
    double FileBackedMb,
    double MemoryGrowthMb,
    long AllocatedBytesPerFrame,
    double LateOverEarly,
    IReadOnlyList<BenchContext> Contexts,
    PartTimes MsPerFrame,
    BenchMachine Machine
);

/// <summary>Real-time factor of the frames that end at a context.</summary>
/// <param name="Frames">Frames of the stream so far.</param>
/// <param name="RealTimeFactor">Of the last some hundred of them.</param>
internal sealed record BenchContext(int Frames, double RealTimeFactor);

/// <summary>Milliseconds of a frame, on average, whichever stream it was for.</summary>
/// <param name="Sampler">Noise to latent.</param>
/// <param name="Decoder">Latent to sound.</param>
/// <param name="SpeechStep">The latent fed back to the language model.</param>
/// <param name="AtOnce">How long those two ran beside each other: it is counted in both.</param>
/// <param name="Text">Windows of text, spread over all frames.</param>
/// <param name="Other">Waiting, handing over.</param>
/// <param name="Total">Wall time.</param>
internal sealed record PartTimes(
    double Sampler,
    double Decoder,
    double SpeechStep,
    double AtOnce,
    double Text,
    double Other,
    double Total
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BenchResult))]
internal sealed partial class BenchJson : JsonSerializerContext;
