using Microsoft.Extensions.Time.Testing;
using Testing.Hub;
using VibeVoice.Server.Models;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Models;

/// <summary>A repository comes whole, once, and in the layout that other tools share.</summary>
public sealed class HubStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_has_the_layout_of_the_hubs_own_tools()
    {
        await using var stage = await HubStage.StartAsync();

        var snapshot = await stage.EnsureAsync();

        snapshot.ShouldBe(Path.Combine(stage.Repository, "snapshots", stage.Commit));
        (await File.ReadAllTextAsync(Path.Combine(stage.Repository, "refs", "main"), Token)).ShouldBe(stage.Commit);
        NamesIn(snapshot).ShouldBe(["config.json", "model.safetensors", "preprocessor_config.json"]);
        foreach (var name in NamesIn(snapshot))
        {
            var content = TinyModel.ModelFiles[name];
            var etag = name == "model.safetensors" ? FakeHub.Sha256(content) : FakeHub.GitSha1(content);
            var file = new FileInfo(Path.Combine(snapshot, name));
            file.LinkTarget.ShouldBe($"../../blobs/{etag}");
            (await File.ReadAllBytesAsync(file.FullName, Token)).ShouldBe(content);
        }

        NamesIn(Path.Combine(stage.Repository, "blobs")).Count.ShouldBe(3);
        stage.Remains().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_there_is_asked_for_no_more()
    {
        await using var stage = await HubStage.StartAsync();
        var snapshot = await stage.EnsureAsync();
        var count = stage.Hub.Requests.Count;

        (await stage.EnsureAsync(InstallCare.Verify)).ShouldBe(snapshot);
        stage.Options = stage.Options with { IsOffline = true };
        (await stage.EnsureAsync(InstallCare.Renew)).ShouldBe(snapshot);

        stage.Hub.Requests.Count.ShouldBe(count);
    }

    [Fact]
    public async Task A_branch_keeps_its_commit_until_it_is_renewed()
    {
        await using var stage = await HubStage.StartAsync();
        var old = await stage.EnsureAsync();
        var files = new Dictionary<string, byte[]>(TinyModel.ModelFiles) { ["new.txt"] = [1] };
        var commit = stage.Hub.Add(TinyModel.Id, files);

        (await stage.EnsureAsync(InstallCare.Verify)).ShouldBe(old);
        (await stage.EnsureAsync(InstallCare.Renew)).ShouldEndWith(commit);
        (await stage.EnsureAsync(id: HubStage.Id with { Revision = stage.Commit })).ShouldBe(old);

        stage.Hub.Requests.Count(request => request is { IsStore: true, Method: "GET" }).ShouldBe(1);
    }

    [Fact]
    public async Task RunPods_cache_comes_first_and_is_not_written()
    {
        await using var stage = await HubStage.StartAsync();
        await stage.EnsureAsync();
        Directory.Move(stage.PathOf("home/hub"), stage.PathOf("platform"));
        // As one of RunPod's documents shows it: in lower case, and without a ref.
        var repository = stage.PathOf("platform/models--tiny--vibevoice-tiny");
        Directory.Move(stage.PathOf("platform/models--tiny--VibeVoice-Tiny"), repository);
        Directory.Delete(Path.Combine(repository, "refs"), recursive: true);
        stage.Options = stage.Options with { IsOffline = true };

        (await stage.EnsureAsync(InstallCare.Renew)).ShouldBe(Path.Combine(repository, "snapshots", stage.Commit));

        Directory.Exists(stage.PathOf("home/hub")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_part_in_RunPods_cache_is_no_model()
    {
        await using var stage = await HubStage.StartAsync();
        var part = stage.PathOf($"platform/models--tiny--VibeVoice-Tiny/snapshots/{stage.Commit}");
        Directory.CreateDirectory(part);
        await File.WriteAllBytesAsync(Path.Combine(part, "config.json"), TinyModel.ModelFiles["config.json"], Token);

        (await stage.EnsureAsync()).ShouldStartWith(stage.Repository);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_to_nobody_else()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.Add("gated/model", TinyModel.ModelFiles, token: "hf_right");
        stage.Options = stage.Options with { Token = "hf_right" };

        await stage.EnsureAsync(id: new HubId("gated", "model", "main"));

        var requests = stage.Hub.Requests;
        requests.Where(request => !request.IsStore).ShouldAllBe(request => request.Authorization == "Bearer hf_right");
        requests.Where(request => request.IsStore).ShouldNotBeEmpty();
        requests.Where(request => request.IsStore).ShouldAllBe(request => request.Authorization == "");
    }

    [Fact]
    public async Task The_token_may_lie_in_its_file()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.Add("gated/model", TinyModel.ModelFiles, token: "hf_right");
        Directory.CreateDirectory(stage.PathOf("home"));
        await File.WriteAllTextAsync(stage.PathOf("home/token"), "hf_right\n", Token);

        await stage.EnsureAsync(id: new HubId("gated", "model", "main"));
    }

    [Fact]
    public async Task A_repository_that_was_renamed_is_followed()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.Rename("old/name", TinyModel.Id);

        (await stage.EnsureAsync(id: new HubId("old", "name", "main"))).ShouldEndWith(
            $"models--old--name/snapshots/{stage.Commit}"
        );
    }

    [Fact]
    public async Task Shards_come_with_their_index()
    {
        await using var stage = await HubStage.StartAsync();
        var index =
            """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""";
        var files = new Dictionary<string, byte[]>
        {
            ["config.json"] = TinyModel.ModelFiles["config.json"],
            ["model.safetensors.index.json"] = System.Text.Encoding.UTF8.GetBytes(index),
            ["model-00001-of-00002.safetensors"] = [1, 2, 3],
            ["model-00002-of-00002.safetensors"] = [4, 5],
            ["model-00001-of-00002.safetensors.bak"] = [6],
        };
        stage.Hub.Add("sharded/model", files);

        var snapshot = await stage.EnsureAsync(id: new HubId("sharded", "model", "main"));

        NamesIn(snapshot)
            .ShouldBe(
                files.Keys.Where(name => !name.EndsWith(".bak", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            );
    }

    [Fact]
    public async Task Two_at_once_fetch_once()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(request => request.IsStore, new HubFault { BytesPerSecond = 4_000_000 });

        var snapshots = await Task.WhenAll(stage.EnsureAsync(), stage.EnsureAsync());

        snapshots[0].ShouldBe(snapshots[1]);
        stage.Hub.Requests.Count(request => request is { IsStore: true, Method: "GET" }).ShouldBe(1);
        stage.Remains().ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_tool_that_fetches_the_blob_is_waited_for()
    {
        await using var stage = await HubStage.StartAsync();
        var locks = stage.PathOf("home/hub/.locks/models--tiny--VibeVoice-Tiny");
        Directory.CreateDirectory(locks);
        var path = Path.Combine(locks, $"{FakeHub.Sha256(TinyModel.Weights)}.lock");
        var held = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None); // flock, as theirs

        var ensuring = stage.EnsureAsync();
        await Task.Delay(700, Token);
        ensuring.IsCompleted.ShouldBeFalse();
        await File.WriteAllBytesAsync(stage.WeightBlob, TinyModel.Weights, Token);
        await held.DisposeAsync();
        await ensuring;

        stage.Hub.Requests.ShouldNotContain(request => request.IsStore);
    }

    [Fact]
    public async Task Where_links_are_refused_a_snapshot_has_copies()
    {
        await using var stage = await HubStage.StartAsync();
        var snapshot = await stage.EnsureAsync();
        // What such a file system leaves: the same names, as plain files.
        foreach (var name in NamesIn(snapshot))
        {
            var content = await File.ReadAllBytesAsync(Path.Combine(snapshot, name), Token);
            File.Delete(Path.Combine(snapshot, name));
            await File.WriteAllBytesAsync(Path.Combine(snapshot, name), content, Token);
        }

        (await stage.EnsureAsync(InstallCare.Verify)).ShouldBe(snapshot);
    }

    [Fact]
    public async Task Offline_what_is_missing_is_named_and_nobody_is_asked()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Options = stage.Options with { IsOffline = true };

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => stage.EnsureAsync());

        failure.Message.ShouldStartWith("'tiny/VibeVoice-Tiny' is not whole in the cache '");
        failure.Message.ShouldContain("HF_HUB_OFFLINE");
        stage.Hub.Requests.ShouldBeEmpty();
    }

    private static IReadOnlyList<string> NamesIn(string folder) =>
        [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task A_hub_that_is_down_is_waited_for_once_when_all_is_renewed()
    {
        await using var stage = await HubStage.StartAsync();
        HubId.TryParse(TinyModel.TokenizerId, out var tokenizer).ShouldBeTrue();
        await stage.EnsureAsync();
        await stage.Store().EnsureAsync(tokenizer!, HubFileSet.Tokenizer, InstallCare.Trust, Token);
        stage.Hub.On(_ => true, new HubFault { Status = 503 });
        var asked = stage.Hub.Requests.Count;
        var time = new FakeTimeProvider();
        var store = stage.Store(time);

        await WithTimeAsync(time, store.EnsureAsync(HubStage.Id, HubFileSet.Checkpoint, InstallCare.Renew, Token));
        (stage.Hub.Requests.Count - asked).ShouldBe(5);
        await WithTimeAsync(time, store.EnsureAsync(tokenizer!, HubFileSet.Tokenizer, InstallCare.Renew, Token));
        (stage.Hub.Requests.Count - asked).ShouldBe(6);
    }

    private static async Task WithTimeAsync(FakeTimeProvider time, Task task)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Token);
        }

        await task;
    }
}
