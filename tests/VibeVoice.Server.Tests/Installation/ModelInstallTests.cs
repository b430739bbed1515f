using System.Runtime.Versioning;
using System.Text.Json;
using Testing;
using Testing.Hub;
using VibeVoice.Server.Tests.Commands;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>From an empty volume to speech by the published program, and out of every bad state of the volume.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class ModelInstallTests : CommandTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_empty_volume_is_installed_and_speaks_by_hub_id_without_the_hub()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var installed = await stage.InstallAsync();
        installed.ExitCode.ShouldBe(0, installed.Errors);

        using var marker = JsonDocument.Parse(await File.ReadAllBytesAsync(stage.Marker, Token));
        marker.RootElement.GetProperty("model").GetString().ShouldBe(TinyModel.Id);
        marker.RootElement.GetProperty("checkpoint").GetString().ShouldStartWith($"{TinyModel.Id}@");
        marker.RootElement.GetProperty("files").EnumerateObject().Count().ShouldBe(7);
        stage.Remains().ShouldBeEmpty();

        stage.Hub.On(_ => true, new HubFault { Status = 418 });
        var forced = await stage.InstallAsync("--force");
        forced.ExitCode.ShouldBe(0, forced.Errors);
        forced.Errors.ShouldContain("could not be renewed, and is used as it is.");

        await stage.Hub.DisposeAsync();
        await stage.ShouldSpeakAsync();
        (await stage.InstallAsync()).Errors.ShouldContain("Installed already: version ");
        // Without the marker, too: all that it stood for is there.
        File.Delete(stage.Marker);
        (await stage.InstallAsync()).ExitCode.ShouldBe(0);
        File.Exists(stage.Marker).ShouldBeTrue();
    }

    [Fact]
    public async Task Speaking_alone_fetches_what_is_missing()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        await stage.ShouldSpeakAsync();
        await stage.ShouldSpeakAsync(stage.Options.With("HF_HUB_OFFLINE", "1"));
    }

    [Fact]
    public async Task A_dry_run_fetches_all_but_the_weights()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var dry = await CommandRun.VibeVoiceAsync(stage.Options, "speak", "Hello there.", "--dry-run");
        dry.ExitCode.ShouldBe(0, dry.Errors);
        File.Exists(stage.WeightBlob).ShouldBeFalse();
        stage.Hub.Requests.Count(request => request is { IsStore: true }).ShouldBe(1); // the tokenizer

        await stage.ShouldSpeakAsync();
        File.Exists(stage.WeightBlob).ShouldBeTrue();
    }

    [Fact]
    public async Task A_hub_that_is_down_is_told_and_leaves_no_marker()
    {
        var nobody = $"http://127.0.0.1:{FreePort.Find()}";
        await using var stage = await ModelStage.StartAsync(Here);

        var result = await CommandRun.VibeVoiceAsync(stage.Options.With("HF_ENDPOINT", nobody), "install");

        result.ExitCode.ShouldBe(1);
        result.Errors.ShouldContain($"vibevoice: The model hub at {nobody}/ cannot be reached: ");
        File.Exists(stage.Marker).ShouldBeFalse();
        stage.Remains().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_marker_whose_model_is_gone_or_cut_is_not_believed()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        (await stage.InstallAsync()).ExitCode.ShouldBe(0);

        File.Delete(stage.WeightBlob);
        await ShouldMendAsync(stage);

        await using (var file = File.OpenWrite(stage.WeightBlob))
        {
            file.SetLength(1_000_000);
        }

        await ShouldMendAsync(stage);

        Directory.Delete(Path.Combine(Path.GetDirectoryName(stage.Marker)!, "voices"), recursive: true);
        await ShouldMendAsync(stage);
    }

    [Fact]
    public async Task Another_model_than_the_markers_is_installed()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        (await stage.InstallAsync()).ExitCode.ShouldBe(0);
        var result = await stage.InstallAsync("--model", TinyModel.Folder);
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldContain("Installed version ");

        using var marker = JsonDocument.Parse(await File.ReadAllBytesAsync(stage.Marker, Token));
        marker.RootElement.GetProperty("model").GetString().ShouldBe(TinyModel.Folder);
    }

    [Fact]
    public async Task Another_kind_of_model_is_named_and_leaves_no_marker()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var config = """{"model_type": "qwen2"}""";
        stage.Hub.Add(
            "other/kind",
            new Dictionary<string, byte[]>(TinyModel.ModelFiles)
            {
                ["config.json"] = System.Text.Encoding.UTF8.GetBytes(config),
            }
        );
        Directory.CreateDirectory(PathOf("other"));
        await File.WriteAllTextAsync(PathOf("other/config.json"), config, Token);

        foreach (var model in new[] { "other/kind", PathOf("other") })
        {
            var result = await stage.InstallAsync("--model", model);
            result.ExitCode.ShouldBe(1);
            result.Errors.ShouldContain("is 'qwen2', but only 'vibevoice_streaming' is supported");
            File.Exists(stage.Marker).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_disk_without_room_is_told_before_anything_is_fetched()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var result = await MountNamespace.RunAsync(
            stage.Options.With("VIBEVOICE_WORKSPACE", "/small"),
            "mkdir /small && mount -t tmpfs -o size=1m none /small && \"$VIBEVOICE\" install; echo $?; ls -A /small/VibeVoice"
        );
        result.Text.ShouldStartWith("1\n");
        result.Text.ShouldNotContain(".setup_complete");
        result.Errors.ShouldContain(
            "vibevoice: 'tiny/VibeVoice-Tiny' needs 2 MB more in '/small/VibeVoice/cache/hub', but only 1 MB"
        );
        stage.Hub.Requests.ShouldNotContain(request => request.IsStore);
    }

    [Fact]
    public async Task A_disk_that_others_fill_meanwhile_is_told_and_gone_on_from_when_there_is_room()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        stage.Hub.On(request => request.IsStore, new HubFault { BytesPerSecond = 1_200_000 });
        var result = await MountNamespace.RunAsync(
            stage.Options.With("VIBEVOICE_WORKSPACE", "/small"),
            """
            mkdir /small && mount -t tmpfs -o size=16m none /small
            "$VIBEVOICE" install & installing=$!
            until find /small -name '*.incomplete' -size +64k | grep -q .; do sleep 0.02; done
            cat /dev/zero > /small/others 2> /dev/null
            wait $installing; echo "full $?"
            ls -A /small/VibeVoice
            rm /small/others
            "$VIBEVOICE" install; echo "roomy $?"
            """
        );
        result.Errors.ShouldContain("vibevoice: The model cache '/small/VibeVoice/cache/hub' cannot be written: ");
        result.Text.ShouldBe("full 1\ncache\nroomy 0\n");
    }

    [Fact]
    public async Task A_volume_that_is_read_only_speaks_when_it_is_installed_and_is_told_when_not()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var result = await MountNamespace.RunAsync(
            stage.Options.With("VIBEVOICE_WORKSPACE", "/volume"),
            """
            mkdir /volume && mount -t tmpfs none /volume
            mount -o remount,ro /volume
            "$VIBEVOICE" install; echo "empty $?"
            mount -o remount,rw /volume
            "$VIBEVOICE" install; echo "writable $?"
            mount -o remount,ro /volume
            "$VIBEVOICE" install; echo "installed $?"
            "$VIBEVOICE" speak Hello. -o - --format wav | wc -c
            """
        );
        result.Errors.ShouldContain(
            "vibevoice: The workspace '/volume/VibeVoice' cannot be written: Read-only file system"
        );
        result.Text.ShouldStartWith("empty 1\nwritable 0\ninstalled 0\n");
        int.Parse(result.Text.Split('\n')[3]).ShouldBeGreaterThan(6_400);
    }

    [Fact]
    public async Task The_catalogue_lists_the_voices_of_the_volume_as_a_table_and_as_JSON()
    {
        await using var stage = await ModelStage.StartAsync(Here);
        var before = await CommandRun.VibeVoiceAsync(stage.Options, "voices");
        before.Text.ShouldContain("en-Emma_woman   en-US   woman    published     default, not installed\n");
        (await CommandRun.VibeVoiceAsync(stage.Options, "voices", "install")).ExitCode.ShouldBe(0);

        var json = await CommandRun.VibeVoiceAsync(stage.Options, "voices", "--json");

        using var voices = JsonDocument.Parse(json.Output);
        voices.RootElement.GetArrayLength().ShouldBe(25);
        var emma = voices
            .RootElement.EnumerateArray()
            .Single(v => v.GetProperty("name").GetString() == "en-Emma_woman");
        emma.GetProperty("language").GetString().ShouldBe("en-US");
        emma.GetProperty("gender").GetString().ShouldBe("woman");
        emma.GetProperty("source").GetString().ShouldBe("published");
        emma.GetProperty("installed").GetBoolean().ShouldBeTrue();
        emma.GetProperty("aliases").EnumerateArray().Select(a => a.GetString()).ShouldBe(["alloy", "nova"]);
        voices.RootElement.EnumerateArray().Count(v => v.GetProperty("installed").GetBoolean()).ShouldBe(2);
    }

    private static async Task ShouldMendAsync(ModelStage stage)
    {
        var result = await stage.InstallAsync();
        result.ExitCode.ShouldBe(0, result.Errors);
        result.Errors.ShouldContain("is gone or not what was installed; the installation is renewed.");
        await stage.ShouldSpeakAsync();
    }
}
