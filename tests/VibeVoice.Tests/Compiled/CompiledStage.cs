using VibeVoice.Compiled;
using WeightCompiler;

namespace VibeVoice.Tests.Compiled;

/// <summary>A folder of compiled weights that is opened again and again, and what was told.</summary>
internal sealed class CompiledStage : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CompiledStage() => Tensors = new TestTensors(Count, Bytes);

    public const int Count = 5;

    public const int Bytes = 9_000;

    public string Folder => _folder.Path;

    public TestTensors Tensors { get; set; }

    public CompiledKey Key { get; set; } = KeyOf("int8", 1);

    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(20);

    public List<string> Notices { get; } = [];

    /// <summary>Where the file of the key is, or would be.</summary>
    public string File => PathOf(Key.FileName);

    /// <summary>What is there, as whoever asks is told it.</summary>
    public CompiledCacheReport Inspect(bool readsWeights = true) =>
        CompiledCache.Inspect(Folder, readsWeights, TestContext.Current.CancellationToken);

    /// <summary>The weights, to be disposed, in the folder or in memory.</summary>
    public CompiledWeights Make(string? folder) =>
        CompiledStore.Open(folder, Key, Tensors.All, Notices.Add, TestContext.Current.CancellationToken);

    public string[] Names => [.. new DirectoryInfo(Folder).GetFiles().Select(file => file.Name).Order()];

    public string PathOf(string name) => _folder.PathOf(name);

    public static CompiledKey KeyOf(string precision, int layout) =>
        CompiledKey.Of(GoldenFiles.Tiny, precision, layout, "cpu");

    /// <summary>Opens the weights, and closes them again once they were read.</summary>
    /// <returns>How many tensors were filled for it.</returns>
    public int Open(CancellationToken? stop = null)
    {
        Notices.Clear();
        var before = Tensors.Filled;
        using var weights = CompiledStore.Open(
            Folder,
            Key,
            Tensors.All,
            Notices.Add,
            TimeProvider.System,
            Patience,
            stop ?? TestContext.Current.CancellationToken
        );
        weights.Path.ShouldBe(File);
        Tensors.FindWrong(weights).ShouldBeNull();
        return Tensors.Filled - before;
    }

    public void Dispose() => _folder.Dispose();
}
