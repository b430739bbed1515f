using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace VibeVoice.Server.Benchmarking;

/// <summary>What the figures were measured on; without it they say little.</summary>
internal sealed record BenchMachine(
    string Processor,
    int Cores,
    string InstructionSet,
    string System,
    string Runtime,
    string OnnxRuntime
)
{
    public static BenchMachine Describe() =>
        new(
            ProcessorName(),
            Environment.ProcessorCount,
            BestInstructionSet(),
            RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription,
            VibeVoiceModel.RuntimeVersion
        );

    public static string ProcessorName()
    {
        const string list = "/proc/cpuinfo";
        var line = File.Exists(list)
            ? File.ReadLines(list).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string BestInstructionSet() =>
        Avx512F.IsSupported ? "AVX-512"
        : Avx2.IsSupported ? "AVX2"
        : AdvSimd.IsSupported ? "NEON"
        : "none";
}
