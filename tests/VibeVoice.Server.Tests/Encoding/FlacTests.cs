namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
public sealed class FlacTests
{
    [Fact]
    public async Task A_completed_flac_tells_its_duration_and_still_decodes()
    {
        var file = await Encoders
            .Real()
            .EncodeAsync(Tone.Samples(2.5), Encoders.Request("flac", headCanBeCompleted: true));

        (await Listener.ProbeAsync(file)).DurationSeconds!.Value.ShouldBe(2.5, tolerance: 0.0001);
        (await Listener.DecodeAsync(file)).Length.ShouldBe(60_000);
    }

    [Fact]
    public async Task A_flac_at_another_tempo_leaves_its_length_open_rather_than_wrong()
    {
        var audio = Encoders
            .Real()
            .Encode(
                Tone.InFrames(Tone.Samples(1)),
                Encoders.Request("flac", 1.5, headCanBeCompleted: true),
                TestContext.Current.CancellationToken
            );

        await audio.ReadAllAsync(TestContext.Current.CancellationToken);

        audio.CompletedHead.IsEmpty.ShouldBeTrue();
    }
}
