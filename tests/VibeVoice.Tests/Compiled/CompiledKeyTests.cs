using System.Diagnostics;
using VibeVoice.Checkpoints;
using VibeVoice.Compiled;

namespace VibeVoice.Tests.Compiled;

/// <summary>Another key whenever the compiled bytes could differ, and the same wherever they cannot.</summary>
public sealed class CompiledKeyTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_that_of_weights_precision_layout_and_device_and_its_name_can_be_read()
    {
        var key = CompiledKey.Of(GoldenFiles.Tiny, "text int8, decoder float32", layout: 1, "cpu");
        key.FileName.ShouldMatch("^tiny-text-int8-decoder-float32-[0-9a-f]{16}[.]weights$");
        CompiledNames.IsCompiled(key.FileName).ShouldBeTrue();
        key.ShouldBe(CompiledKey.Of($"{GoldenFiles.Tiny}/", "text int8, decoder float32", layout: 1, "cpu"));
        CompiledKey[] all =
        [
            key,
            CompiledKey.Of(GoldenFiles.Tiny, "text int8; decoder float32", layout: 1, "cpu"),
            CompiledKey.Of(GoldenFiles.Tiny, "text int8, decoder float32", layout: 2, "cpu"),
            CompiledKey.Of(GoldenFiles.Tiny, "text int8, decoder float32", layout: 1, "cuda"),
        ];
        all.Select(one => one.FileName).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void In_the_hubs_cache_the_blob_tells_wherever_the_cache_is_and_whatever_the_commit()
    {
        var key = Of(Snapshot("a", "VibeVoice-Realtime-0.5B", Commit, "1111"));
        key.FileName.ShouldStartWith("vibevoice-realtime-0.5b-int8-");
        Of(Snapshot("b", "VibeVoice-Realtime-0.5B", Commit, "1111")).ShouldBe(key);
        Of(Snapshot("c", "VibeVoice-Realtime-0.5B", new string('f', 40), "1111")).ShouldBe(key);
        Of(Snapshot("d", "VibeVoice-Realtime-0.5B", Commit, "2222")).ShouldNotBe(key);
        Directory.CreateSymbolicLink(
            _folder.PathOf("model"),
            _folder.PathOf("a/models--o--VibeVoice-Realtime-0.5B/snapshots", Commit)
        );
        Of(_folder.PathOf("model")).ShouldBe(key);
    }

    [Fact]
    public void In_a_snapshot_of_copies_the_commit_tells()
    {
        var key = Of(Copies("a", Commit, DateTime.UnixEpoch));
        Of(Copies("b", Commit, DateTime.UnixEpoch.AddDays(1))).ShouldBe(key);
        Of(Copies("c", new string('f', 40), DateTime.UnixEpoch)).ShouldNotBe(key);
    }

    [Fact]
    public void Elsewhere_time_size_header_and_configuration_tell()
    {
        var original = Of(Plain("model", "{\"a\":1}", 100, 0));
        Of(Plain("model", "{\"a\":1}", 100, 0.4)).ShouldBe(original);
        Of(Plain("model", "{\"a\":1}", 100, 2)).ShouldNotBe(original);
        Of(Plain("model", "{\"a\":1}", 101, 0)).ShouldNotBe(original);
        Of(Plain("model", "{\"b\":1}", 100, 0)).ShouldNotBe(original);
        Of(Plain("model", "{\"a\":1}", 100, 0)).ShouldBe(original);
        File.WriteAllText(_folder.PathOf("model", "config.json"), "{ }");
        Of(_folder.PathOf("model")).ShouldNotBe(original);
    }

    [Fact]
    public void Gigabytes_of_weights_are_not_read()
    {
        var folder = Plain("model", "{}", 100L << 30, 0); // sparse: reading it would take a minute
        var watch = Stopwatch.StartNew();
        Of(folder);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void What_holds_no_checkpoint_is_refused()
    {
        Should.Throw<ModelFormatException>(() => Of(_folder.PathOf("nowhere")));
        _folder.Write("config.json", "{}");
        Should.Throw<ModelFormatException>(() => Of(_folder.Path)).Message.ShouldContain("cannot be read");
        _folder.Write(WeightFiles.FileName, [255, 255, 255, 255, 255, 255, 255, 255]);
        Should.Throw<ModelFormatException>(() => Of(_folder.Path)).Message.ShouldContain("says its header has");
    }

    private static CompiledKey Of(string folder) => CompiledKey.Of(folder, "int8", layout: 1, "cpu");

    /// <summary>A snapshot of links to blobs, as the hub's tools leave it.</summary>
    private string Snapshot(string cache, string name, string commit, string etag)
    {
        var repository = _folder.PathOf(cache, $"models--o--{name}");
        var snapshot = Path.Combine(repository, "snapshots", commit);
        Directory.CreateDirectory(Path.Combine(repository, "blobs"));
        Directory.CreateDirectory(snapshot);
        File.WriteAllText(Path.Combine(repository, "blobs", "c0"), "{}");
        WriteWeights(Path.Combine(repository, "blobs", etag), "{}", 100);
        File.CreateSymbolicLink(Path.Combine(snapshot, "config.json"), "../../blobs/c0");
        File.CreateSymbolicLink(Path.Combine(snapshot, WeightFiles.FileName), $"../../blobs/{etag}");
        return snapshot;
    }

    private string Copies(string cache, string commit, DateTime time)
    {
        var snapshot = _folder.PathOf(cache, "models--o--model", "snapshots", commit);
        Directory.CreateDirectory(snapshot);
        File.WriteAllText(Path.Combine(snapshot, "config.json"), "{}");
        WriteWeights(Path.Combine(snapshot, WeightFiles.FileName), "{}", 100);
        File.SetLastWriteTimeUtc(Path.Combine(snapshot, WeightFiles.FileName), time);
        return snapshot;
    }

    private string Plain(string name, string header, long bytes, double seconds)
    {
        Directory.CreateDirectory(_folder.PathOf(name));
        File.WriteAllText(_folder.PathOf(name, "config.json"), "{}");
        var path = _folder.PathOf(name, WeightFiles.FileName);
        WriteWeights(path, header, bytes);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddSeconds(1_000_000 + seconds));
        return _folder.PathOf(name);
    }

    private static void WriteWeights(string path, string header, long bytes)
    {
        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(System.Text.Encoding.UTF8.GetBytes(header));
        file.SetLength(bytes);
    }
}
