using Testing.Hub;
using VibeVoice.Server.Models;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Models;

/// <summary>What the hub refuses is told with what to do about it.</summary>
public sealed class HubFailureTests
{
    [Theory]
    [InlineData("no/model", "main", "'no/model' is not on 127.0.0.1, or is private: check MODEL_PATH, or set HF_TOKEN")]
    [InlineData("tiny/VibeVoice-Tiny", "v9", "'tiny/VibeVoice-Tiny' has no revision 'v9' on 127.0.0.1; name a branch")]
    [InlineData("gated/model", "main", "'gated/model' is gated: accept its terms at http://127.0.0.1:")]
    [InlineData("empty/model", "main", "'empty/model' has not the files on the hub that are expected: config.json")]
    public async Task A_repository_that_cannot_be_had_is_told(string repository, string revision, string message)
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.Add("gated/model", TinyModel.ModelFiles, token: "hf_right");
        stage.Hub.Add(
            "empty/model",
            new Dictionary<string, byte[]> { ["preprocessor_config.json"] = "{}"u8.ToArray() }
        );
        HubId.TryParse($"{repository}@{revision}", out var id).ShouldBeTrue();

        (await FailAsync(stage, id!)).ShouldStartWith(message);
    }

    [Fact]
    public async Task A_token_that_may_not_is_told_and_never_shown()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.Add("gated/model", TinyModel.ModelFiles, token: "hf_right");
        stage.Options = stage.Options with { Token = "hf_wrong" };

        var message = await FailAsync(stage, new HubId("gated", "model", "main"));

        message.ShouldContain("HF_TOKEN is set, but it may belong to another account or have expired.");
        message.ShouldNotContain("hf_wrong");
    }

    [Theory]
    [InlineData(401, "127.0.0.1 refuses to give 'tiny/VibeVoice-Tiny' (401): set HF_TOKEN")]
    [InlineData(403, "127.0.0.1 refuses to give 'tiny/VibeVoice-Tiny' (403): set HF_TOKEN")]
    [InlineData(404, "'tiny/VibeVoice-Tiny' is not on 127.0.0.1, or is private")]
    [InlineData(418, "127.0.0.1 answered 418 when asked for 'tiny/VibeVoice-Tiny'.")]
    public async Task A_status_that_will_not_change_is_told_at_once(int status, string message)
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(_ => true, new HubFault { Status = status });

        (await FailAsync(stage, HubStage.Id)).ShouldStartWith(message);

        stage.Hub.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_hub_that_asks_for_more_than_five_minutes_is_not_waited_for()
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(_ => true, new HubFault { Status = 429, RetryAfter = "301" });

        (await FailAsync(stage, HubStage.Id)).ShouldStartWith("127.0.0.1 answers no more requests for now (429).");
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"sha": 1, "siblings": []}""")]
    [InlineData("""{"sha": "../..", "siblings": []}""")]
    public async Task An_answer_that_makes_no_sense_is_told(string answer)
    {
        await using var stage = await HubStage.StartAsync();
        stage.Hub.On(_ => true, new HubFault { Status = 200, Body = answer });

        (await FailAsync(stage, HubStage.Id)).ShouldStartWith("The hub's answer about 'tiny/VibeVoice-Tiny' ");
    }

    [Fact]
    public async Task Another_kind_of_model_is_told_before_its_weights_are_fetched()
    {
        await using var stage = await HubStage.StartAsync();
        var files = new Dictionary<string, byte[]>(TinyModel.ModelFiles)
        {
            ["config.json"] = """{"model_type": "qwen2"}"""u8.ToArray(),
        };
        stage.Hub.Add("other/kind", files);

        var message = await FailAsync(stage, new HubId("other", "kind", "main"));

        message.ShouldStartWith("'other/kind' cannot be used. 'model_type' in '");
        message.ShouldContain("is 'qwen2', but only 'vibevoice_streaming' is supported");
        stage.Hub.Requests.ShouldNotContain(request =>
            request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("microsoft/VibeVoice-Realtime-0.5B", "main")]
    [InlineData("a/b@main", "main")]
    [InlineData("a/b@refs/pr/1", "refs/pr/1")]
    [InlineData("a/b@0123456789012345678901234567890123456789", "0123456789012345678901234567890123456789")]
    public void An_id_may_name_a_revision(string text, string revision)
    {
        HubId.TryParse(text, out var id).ShouldBeTrue();
        id!.Revision.ShouldBe(revision);
        id.IsCommit.ShouldBe(revision.Length == 40);
    }

    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("/a/b")]
    [InlineData("./a")]
    [InlineData("a/b/c")]
    [InlineData("a/..")]
    [InlineData("../b")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@x/../../y")]
    [InlineData("a/b\n")]
    [InlineData("ä/b")]
    [InlineData("a b/c")]
    public void Anything_else_is_no_id(string text) => HubId.TryParse(text, out _).ShouldBeFalse();

    private static async Task<string> FailAsync(HubStage stage, HubId id) =>
        (await Should.ThrowAsync<SpeechFailedException>(() => stage.EnsureAsync(id: id))).Message;
}
