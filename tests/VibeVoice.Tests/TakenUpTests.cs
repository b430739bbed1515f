namespace VibeVoice.Tests;

/// <summary>A speech that is taken up between two chunks is the rest of the whole one, to the bit.</summary>
public sealed class TakenUpTests : TinyModelTest
{
    private const string Text =
        "[pause:30ms]Hello there! This is a test.\n\nIt is long, but not too long.[pause:20ms] [pause:50ms]Is it split? Yes, and "
        + "then it goes on to its end. And on it goes, as long as it must, so that there are chunks and chunks of it.";

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public async Task From_every_chunk_on_it_is_the_same(int together)
    {
        var options = new SpeakOptions { Seed = 7, FramesPerHandOver = together };
        var (samples, places, whole) = await SpeakAsync(options);
        places.Count.ShouldBeGreaterThan(3);
        places[0].Position.ShouldBe(new SpeechPosition(0, 0, 0, IsAfterSound: true)); // the pause is heard
        foreach (var (position, start) in places.Skip(1))
        {
            var (rest, later, report) = await SpeakAsync(options with { From = position });
            rest.AsSpan().SequenceEqual(samples.AsSpan(start)).ShouldBeTrue($"from {position}");
            later[0].Position.ShouldBe(position);
            report.FramesComputed.ShouldBe(whole.FramesComputed);
            report.TokensRead.ShouldBe(whole.TokensRead);
        }

        var beyond = new SpeechPosition(100, 100, 100, IsAfterSound: true);
        (await SpeakAsync(options with { From = beyond })).Samples.ShouldBeEmpty();
    }

    [Fact]
    public void A_place_that_cannot_be_is_refused() =>
        Should
            .Throw<ArgumentException>(() =>
                Model.SpeakAsync("x", Voice, new SpeakOptions { From = new SpeechPosition(-1, 0, 0, false) })
            )
            .Message.ShouldContain("From is");

    private async Task<(
        float[] Samples,
        List<(SpeechPosition Position, int Start)> Places,
        SpeakReport Report
    )> SpeakAsync(SpeakOptions options)
    {
        var speech = Model.SpeakAsync(Text, Voice, options, Cancellation);
        var samples = new List<float>();
        var places = new List<(SpeechPosition, int)>();
        SpeechPosition? position = null;
        await foreach (var frame in speech)
        {
            if (speech.Report.Position is { } now && now != position)
            {
                places.Add((now, samples.Count));
                position = now;
            }

            samples.AddRange(frame.Samples.Span);
        }

        return ([.. samples], places, speech.Report);
    }
}
