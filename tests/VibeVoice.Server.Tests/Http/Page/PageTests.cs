using System.Text.Json.Nodes;
using Testing;
using VibeVoice.Server.Http;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Tests.Encoding;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http.Page;

/// <summary>The page in a real browser, with what is heard of it.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class PageTests(PageBrowser browser) : IClassFixture<PageBrowser>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-page-");

    /// <summary>Where pictures are kept, for people to look at.</summary>
    private static JsonObject Screenshots() =>
        new() { ["folder"] = Directory.CreateDirectory(Repository.PathOf("artifacts", "screenshots")).FullName };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_click_is_heard_within_a_second()
    {
        var engine = new FakeSynthesizer { Frames = 8 };
        await using var stage = await HttpStage.StartAsync(engine);
        var heard = await browser.PlayAsync("speaks", stage, Screenshots());
        heard.GetProperty("delay").GetDouble().ShouldBeInRange(1, 1_000);
        heard.GetProperty("loudest").GetDouble().ShouldBe(0.25, 0.02);
        heard.GetProperty("hertz").GetDouble().ShouldBe(440, 12);
        heard.GetProperty("seconds").GetDouble().ShouldBeGreaterThan(1);
        heard.GetProperty("state").GetString().ShouldBe("running");
        heard.GetProperty("times").GetString().ShouldBe("0:01 / 0:01");
        heard.GetProperty("status").GetString().ShouldBe("Done: 1.1 s of sound.");
        heard.GetProperty("engine").GetString().ShouldBe("fake");
        heard.GetProperty("badge").GetBoolean().ShouldBeFalse();
        heard.GetProperty("firstSound").GetString()!.ShouldMatch(@"^0\.\d\d s$");
        heard.GetProperty("factor").GetString()!.ShouldMatch(@"^0\.\d+$");
        heard.GetProperty("seed").GetString().ShouldBe($"{engine.Requests.Single().Seed}");
    }

    [Fact]
    public async Task Stop_is_silence_and_frees_the_slot()
    {
        var engine = new FakeSynthesizer { Frames = 100_000, BeforeFrame = (_, token) => Task.Delay(50, token) };
        await using var stage = await HttpStage.StartAsync(engine, slots: 1);
        await browser.PlayAsync("stops", stage);
        // The second could only speak because the first had left.
        engine.Requests.Count.ShouldBe(2);
        while (!(await stage.Client.GetStringAsync("/metrics", Token)).Contains("vibevoice_active_slots 0\n"))
        {
            await Task.Delay(10, Token);
        }
    }

    [Fact]
    public async Task A_pause_of_the_engine_loses_nothing()
    {
        var engine = new FakeSynthesizer
        {
            Frames = 8,
            EstimatedSeconds = 75,
            BeforeFrame = (index, token) => index == 3 ? Task.Delay(1_000, token) : Task.CompletedTask,
        };
        await using var stage = await HttpStage.StartAsync(engine);
        var seen = await browser.PlayAsync("waits", stage);
        seen.GetProperty("times").GetString().ShouldBe("0:01 / 0:01");
        seen.GetProperty("now").GetString().ShouldBe("Done: 1.1 s of sound.");
    }

    [Fact]
    public async Task A_download_is_what_was_heard_and_is_spoken_again_only_for_another_format()
    {
        var engine = new FakeSynthesizer { Frames = 4 };
        await using var stage = await HttpStage.StartAsync(engine);
        var result = await browser.PlayAsync("downloads", stage, new JsonObject { ["folder"] = _folder.FullName });
        var files = result.GetProperty("files").EnumerateArray().Select(file => file.GetString()!).ToArray();
        var wav = await Listener.ProbeAsync(await File.ReadAllBytesAsync(files[0], Token));
        (wav.Codec, wav.SampleRateHz, wav.DurationSeconds).ShouldBe(("pcm_s16le", 24_000, 0.533333));
        wav.Tags["comment"].ShouldBe("AI-generated speech by fake (tone)");
        var mp3 = await Listener.ProbeAsync(await File.ReadAllBytesAsync(files[1], Token));
        mp3.Codec.ShouldBe("mp3");

        engine.Requests.Select(request => request.Format.Name).ShouldBe(["pcm", "mp3"]);
        engine.Requests.Select(request => request.Seed).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task What_was_stopped_is_saved_whole_with_its_seed()
    {
        var engine = new FakeSynthesizer
        {
            Frames = 10,
            BeforeFrame = (index, token) => index == 5 ? Task.Delay(500, token) : Task.CompletedTask,
        };
        await using var stage = await HttpStage.StartAsync(engine);
        await browser.PlayAsync("savesStopped", stage, new JsonObject { ["folder"] = _folder.FullName });
        var wav = await Listener.ProbeAsync(
            await File.ReadAllBytesAsync(Path.Combine(_folder.FullName, "whole.wav"), Token)
        );
        wav.DurationSeconds!.Value.ShouldBe(10 * 3_200 / 24_000.0, 0.001);
        engine.Requests.Count.ShouldBe(2);
        engine.Requests.Select(request => request.Seed).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_key_is_asked_for_where_one_is_needed_and_kept_in_the_tab()
    {
        const string key = "sk-page-secret";
        await using var stage = await HttpStage.StartAsync(
            new FakeSynthesizer { Frames = 3 },
            new HttpOptions { ApiKeys = key }
        );
        await browser.PlayAsync("keys", stage, new JsonObject { ["key"] = key });
    }

    [Fact]
    public async Task What_goes_wrong_is_told_in_words()
    {
        var begun = 0;
        var engine = new FakeSynthesizer
        {
            BeforeFrame = async (index, token) =>
            {
                begun += index == 0 ? 1 : 0;
                if (begun == 1)
                {
                    throw new SpeechFailedException("The engine fell over; turn it off and on again.");
                }

                if (index == 12)
                {
                    await Task.Delay(300, token);
                    throw new SpeechFailedException("It fell over again.");
                }
            },
        };
        await using var stage = await HttpStage.StartAsync(engine, new HttpOptions { RateLimitPerMinute = 3 });
        var told = await browser.PlayAsync("errors", stage);
        string[] expected =
        [
            "There is no text yet",
            "has 20,001 characters, but must have 1 to 20,000 characters; send it in parts",
            "The engine fell over; turn it off and on again.",
            "The server broke off after 1.6 s of sound.",
            "has made its 3 requests of a minute (RATE_LIMIT_PER_MINUTE); try again later. It can be tried again in ",
            "The server cannot be reached.",
        ];
        told.GetArrayLength().ShouldBe(expected.Length);
        foreach (var (sentence, part) in told.EnumerateArray().Zip(expected))
        {
            sentence.GetString()!.ShouldContain(part);
        }
    }

    [Fact]
    public async Task While_the_model_is_loaded_the_page_says_so_and_then_goes_on()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), isReady: false);
        var name = await browser.PlayAsync("loads", stage, onNote: stage.Server.State.BecomeReady);
        name.GetString().ShouldBe("tone");
    }

    [Fact]
    public async Task It_is_used_without_a_mouse_and_everything_has_a_name()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer { Frames = 8 });
        var names = await browser.PlayAsync("keyboard", stage);
        names
            .EnumerateArray()
            .Select(name => name.GetString())
            .ShouldBe([
                "Skip to the text",
                "Text to speak",
                "Voice",
                "Speak",
                "mp3",
                "Speed",
                "Seed",
                "Steps",
                "Guidance",
                "Use it in your program curl, C#, Python",
                "Every route of the server",
            ]);
    }

    [Fact]
    public async Task It_looks_well_at_two_widths_by_day_and_by_night()
    {
        var engine = new PacedPreview();
        await engine.LoadAsync(Token);
        await using var stage = await HttpStage.StartAsync(engine);
        var papers = await browser.PlayAsync("looks", stage, Screenshots());
        papers
            .EnumerateArray()
            .Select(paper => paper.GetString())
            .ShouldBe(["rgb(20, 21, 19)", "rgb(246, 245, 242)", "rgb(20, 21, 19)", "rgb(246, 245, 242)"]);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
