using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using VibeVoice.Server.Tests.Speech;

namespace VibeVoice.Server.Tests.Http;

/// <summary>What operators read.</summary>
[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class OperationsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_figures_tell_what_was_spoken()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer { Frames = 15 });
        using (var answer = await stage.SpeakAsync("""{"input": "x", "response_format": "pcm"}"""))
        {
            await answer.Content.ReadAsByteArrayAsync(Token);
        }

        using (await stage.SpeakAsync("{}")) { }
        var text = await stage.Client.GetStringAsync("/metrics", Token);
        foreach (
            var line in new[]
            {
                "vibevoice_frames_total 15",
                "vibevoice_audio_bytes_total 96000",
                "vibevoice_first_audio_seconds_count 1",
                "vibevoice_real_time_factor_count 1",
                "vibevoice_queue_wait_seconds_count 1",
                "vibevoice_queue_length 0",
                "vibevoice_active_slots 0",
                "vibevoice_encoder_failures_total 0",
                "vibevoice_speech_requests_total{status=\"200\"} 1",
                "vibevoice_speech_requests_total{status=\"400\"} 1",
            }
        )
        {
            text.ShouldContain(line + "\n");
        }
    }

    [Fact]
    public async Task An_encoder_that_breaks_is_counted_and_told()
    {
        using var ffmpeg = new Encoding.FakeFfmpeg("echo no such thing >&2; exit 3");
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), ffmpegPath: ffmpeg.Path);
        using var answer = await stage.SpeakAsync("""{"input": "x"}""");
        (await HttpStage.ErrorOfAsync(answer, 500)).GetProperty("message").GetString()!.ShouldContain("no such thing");
        (await stage.Client.GetStringAsync("/metrics", Token)).ShouldContain("vibevoice_encoder_failures_total 1\n");
    }

    [Fact]
    public async Task Health_and_version_are_told()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer(), isReady: false);
        (await stage.Client.GetStringAsync("/health/live", Token)).ShouldBe("""{"status":"live"}""");
        using (var early = await stage.Client.GetAsync("/health/ready", Token))
        {
            early.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await early.Content.ReadAsStringAsync(Token)).ShouldBe("""{"status":"loading"}""");
        }

        stage.Server.State.BecomeReady();
        (await stage.Client.GetStringAsync("/health/ready", Token)).ShouldBe("""{"status":"ready"}""");
        var version = JsonElement.Parse(await stage.Client.GetStringAsync("/version", Token));
        version.GetProperty("engine").GetString().ShouldBe("fake");
        version.GetProperty("version").GetString().ShouldNotBeNullOrEmpty();
        version
            .GetProperty("speech")
            .ToString()
            .ShouldBe(
                """
                {"sample_rate_hz":24000,"formats":["mp3","aac","wav","opus","flac","pcm"],"default_voice":"en-Emma_woman","max_text_characters":20000,
                "speed":{"minimum":0.25,"maximum":4,"default":1},"seed":{"minimum":0,"maximum":9007199254740991,"default":null},
                "cfg_scale":{"minimum":1,"maximum":5,"default":1.5},"steps":{"minimum":1,"maximum":50,"default":5}}
                """.ReplaceLineEndings("")
            );
    }

    [Fact]
    public async Task The_description_has_every_field_and_the_page_that_shows_it_needs_no_other_server()
    {
        await using var stage = await HttpStage.StartAsync(new FakeSynthesizer());
        var openApi = JsonElement.Parse(await stage.Client.GetStringAsync("/openapi.json", Token));
        var speech = openApi.GetProperty("paths").GetProperty("/v1/audio/speech").GetProperty("post");
        speech.GetProperty("responses").TryGetProperty("429", out _).ShouldBeTrue();
        openApi
            .GetProperty("components")
            .GetProperty("schemas")
            .GetProperty("SpeechFields")
            .GetProperty("properties")
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(
                [
                    "model",
                    "input",
                    "voice",
                    "response_format",
                    "speed",
                    "stream_format",
                    "instructions",
                    "seed",
                    "cfg_scale",
                    "steps",
                ],
                ignoreOrder: true
            );

        using var answer = await stage.Client.GetAsync("/docs", Token);
        var page = await answer.Content.ReadAsStringAsync(Token);
        page.ShouldNotContain("://");
        page.ShouldNotContain("src=\"//");
        var script = System.Text.RegularExpressions.Regex.Match(page, "src=\"(?<path>[^\"]*scalar[^\"]*\\.js)").Groups[
            "path"
        ];
        var folder = answer.RequestMessage!.RequestUri!;
        (await stage.Client.GetStringAsync(new Uri(folder, script.Value), Token)).Length.ShouldBeGreaterThan(100_000);
    }
}
