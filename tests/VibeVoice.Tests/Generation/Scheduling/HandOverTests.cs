namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>Speech whose frames are decoded together, against the same frame by frame.</summary>
[Trait("Category", "Reference")]
public sealed class HandOverTests : TinyModelTest
{
    private static readonly string Long = string.Join(' ', Enumerable.Repeat("Then it went on, and on, and on.", 12));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public async Task Frames_together_sound_as_one_by_one(int together)
    {
        await ShouldBeEqualAsync("Hello there! This is a tiny test of streaming speech.", new SpeakOptions(), together);
        await ShouldBeEqualAsync($"[pause:20ms]{Long}", new SpeakOptions(), together); // chunks, with fades between
        var pieces = new LongTextOptions
        {
            MaxChunkDuration = Model.SamplesPerFrame * 8 * Sample,
            FramesPerToken = 0.5,
        };
        await ShouldBeEqualAsync(Long, new SpeakOptions { LongText = pieces }, together); // limits in the middle of windows
        await ShouldBeEqualAsync(Long, new SpeakOptions { LongText = null }, together); // the last position
    }

    private TimeSpan Sample => TimeSpan.FromSeconds(1.0 / Model.SampleRateHz);

    private async Task ShouldBeEqualAsync(string text, SpeakOptions options, int together)
    {
        var singly = Model.SpeakAsync(text, Voice, options, Cancellation);
        var expected = (await singly.ToAudioAsync(Cancellation)).Samples;
        var grouped = Model.SpeakAsync(text, Voice, options with { FramesPerHandOver = together }, Cancellation);
        var samples = (await grouped.ToAudioAsync(Cancellation)).Samples;

        samples.Span.ShouldBeWithin(Tolerances.Component, expected.Span);
        grouped.Report.PeakLevel.ShouldBe(singly.Report.PeakLevel, 1e-4f);
        grouped.Report.Chunks.ShouldBe(singly.Report.Chunks);
        (grouped.Report with { PeakLevel = 0, Chunks = [] }).ShouldBe(
            singly.Report with
            {
                PeakLevel = 0,
                Chunks = [],
            }
        );
    }
}
