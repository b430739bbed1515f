using VibeVoice.Server.Diagnosis;
using VibeVoice.Server.Diagnosis.Checks;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Diagnosis;

/// <summary>Memory as the kernel tells it, in a container or not.</summary>
public sealed class MemoryCheckTests : IDisposable
{
    private const long Gibibyte = 1L << 30;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("memory-");

    [Fact]
    public void A_machine_has_what_meminfo_says()
    {
        Write("proc/meminfo", "MemTotal:       4194304 kB\nMemFree:        10 kB\nMemAvailable:   3145728 kB\n");
        MachineMemory.Read(_root.FullName).ShouldBe(new MachineMemory(4 * Gibibyte, 3 * Gibibyte, false));
        Write("sys/fs/cgroup/memory.max", "max\n");
        Write("sys/fs/cgroup/memory.current", "1\n");
        MachineMemory.Read(_root.FullName)!.IsOfContainer.ShouldBeFalse();
        MachineMemory.Read(Path.Combine(_root.FullName, "nowhere")).ShouldBeNull();
    }

    [Theory]
    [InlineData("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")]
    [InlineData("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")]
    public void A_container_has_its_limit_and_pages_of_files_count_as_free(
        string folder,
        string limit,
        string used,
        string files
    )
    {
        Write("proc/meminfo", "MemTotal:       4194304 kB\nMemAvailable:   3145728 kB\n");
        Write($"{folder}/{limit}", $"{2 * Gibibyte}\n");
        Write($"{folder}/{used}", $"{Gibibyte + 300}\n");
        Write($"{folder}/memory.stat", $"anon 5\n{files} 300\n");
        MachineMemory.Read(_root.FullName).ShouldBe(new MachineMemory(2 * Gibibyte, Gibibyte, true));
    }

    [Fact]
    public void This_machine_tells_its_memory()
    {
        var memory = MachineMemory.Read();
        Assert.SkipWhen(memory is null, "There is no /proc/meminfo.");
        memory!.AvailableBytes.ShouldBeInRange(1, memory.LimitBytes);
    }

    [Theory]
    [InlineData(4e9, 3e9, "vibevoice", "Ok", "3 of 4 GB of the machine are free; the model needs 1.8 GB.")]
    [InlineData(1e9, 0.5e9, "vibevoice", "Note", "0.5 of 1 GB of the machine are free. The model needs 1.8 GB")]
    [InlineData(0.2e9, 0.1e9, "vibevoice", "Problem", "but the model needs 1.8 GB, 0.3 at the very least. Choose")]
    [InlineData(0.2e9, 0.2e9, "preview", "Ok", "the preview voice needs 0.15 GB.")]
    public void What_is_enough_depends_on_the_engine(
        double limit,
        double free,
        string engine,
        string state,
        string part
    )
    {
        var memory = new MachineMemory((long)limit, (long)free, false);
        var result = MemoryCheck.Judge(memory, Enum.Parse<SpeechEngine>(engine, ignoreCase: true));
        (result.State.ToString(), result.Message.Contains(part, StringComparison.Ordinal)).ShouldBe(
            (state, true),
            result.Message
        );
    }

    public void Dispose() => _root.Delete(recursive: true);

    private void Write(string path, string content)
    {
        var file = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }
}
