using System.Globalization;
using System.Text;

namespace VibeVoice.Server.Benchmarking;

/// <summary>The figures for a person, beside the reference's.</summary>
internal static class BenchTable
{
    // The PyTorch reference in float32 on two cores, measured on a synthetic checkpoint of the published sizes with
    // 5 steps: docs/log.md.
    private const double ReferenceFactor = 5.7;
    private const double ReferenceFirstAudioMs = 600;
    private const double ReferenceLoadMs = 20_000;
    private const double ReferenceMemoryMb = 5_600;

    public static string Write(BenchResult result)
    {
        var (machine, parts) = (result.Machine, result.MsPerFrame);
        var text = new StringBuilder();
        Line($"{machine.Processor}, {machine.Cores} cores, {machine.InstructionSet}; {machine.System}");
        Line($"{machine.Runtime}, ONNX Runtime {machine.OnnxRuntime}");
        Line(
            $"{result.Precision}, {result.Threads} threads, {result.Steps} diffusion steps, {result.Streams} streams, {result.Frames} frames"
        );
        Line($"");
        Row("ms per frame", "", "share");
        Part("text", parts.Text);
        Part("sampler", parts.Sampler);
        Part("decoder", parts.Decoder);
        Part("speech step", parts.SpeechStep);
        Part("- decoder beside it", -parts.AtOnce);
        Part("other", parts.Other);
        Part("total", parts.Total);
        Line($"");
        Row("", "here", "reference");
        Row("real-time factor", F2(result.RealTimeFactor), F2(ReferenceFactor));
        Row("first audio, ms", F0(result.FirstAudioMs), F0(ReferenceFirstAudioMs));
        Row("load, ms", F0(result.LoadMs), F0(ReferenceLoadMs));
        Row("peak memory, MB", F0(result.PeakRssMb), F0(ReferenceMemoryMb));
        Row("- of it mapped files, MB", F0(result.FileBackedMb), "");
        Row("- growth while speaking, MB", F1(result.MemoryGrowthMb), "");
        Row("allocated per frame, bytes", F0(result.AllocatedBytesPerFrame), "");
        Row("late frame over early one", F2(result.LateOverEarly), "");
        Line($"");
        Line($"The reference: PyTorch, float32, on two cores of the same kind, published sizes, 5 steps, one stream.");
        return text.ToString();

        void Part(string name, double milliseconds) =>
            Row(name, F1(milliseconds), (milliseconds / parts.Total).ToString("0%", CultureInfo.InvariantCulture));

        void Row(string name, string value, string other) =>
            text.AppendLine($"{name, -28}{value, 10}{other, 12}".TrimEnd());

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static string F0(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string F1(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string F2(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
