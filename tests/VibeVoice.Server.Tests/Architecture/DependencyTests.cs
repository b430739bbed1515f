using System.Reflection;

namespace VibeVoice.Server.Tests.Architecture;

/// <summary>Dependencies point one way: the program knows both libraries, they know neither it nor each other.</summary>
public sealed class DependencyTests
{
    private static readonly Assembly Worker = typeof(RunPod.Worker.RunPodWorker).Assembly;
    private static readonly Assembly Emulator = typeof(RunPod.Worker.Emulator.RunPodEmulator).Assembly;
    private static readonly Assembly Library = typeof(AudioFrame).Assembly;

    [Fact]
    public void The_libraries_do_not_know_each_other_nor_the_program()
    {
        References(Worker).ShouldNotContain(name => name.StartsWith("VibeVoice", StringComparison.Ordinal));
        References(Emulator).ShouldNotContain(name => name.StartsWith("VibeVoice", StringComparison.Ordinal));
        References(Library).ShouldNotContain(name => name.StartsWith("RunPod", StringComparison.Ordinal));
        References(Library).ShouldNotContain("VibeVoice.Server");
    }

    [Fact]
    public void The_worker_library_knows_only_the_runtime_and_the_generic_host() =>
        References(Worker)
            .Where(name => !name.StartsWith("System", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ShouldBe([
                "Microsoft.Extensions.Configuration.Abstractions",
                "Microsoft.Extensions.DependencyInjection.Abstractions",
                "Microsoft.Extensions.Hosting",
                "Microsoft.Extensions.Hosting.Abstractions",
                "Microsoft.Extensions.Logging.Abstractions",
                "Microsoft.Extensions.Options",
                "Microsoft.Win32.Primitives", // Win32Exception, which says on every system that a program is not there
            ]);

    [Fact]
    public void The_speech_library_knows_only_onnx_runtime() =>
        References(Library)
            .Where(name => !name.StartsWith("System", StringComparison.Ordinal))
            .ShouldBe(["Microsoft.ML.OnnxRuntime"]);

    [Fact]
    public void The_libraries_never_touch_the_web_server() =>
        References(Worker)
            .Concat(References(Library))
            .ShouldNotContain(name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    private static IEnumerable<string> References(Assembly assembly) =>
        assembly.GetReferencedAssemblies().Select(reference => reference.Name!);
}
