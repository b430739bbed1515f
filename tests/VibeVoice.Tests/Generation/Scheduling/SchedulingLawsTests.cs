namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>Whatever joins, leaves, is cancelled or reads slowly: each stream gets what it gets alone.</summary>
public sealed class SchedulingLawsTests : TinyModelTest
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_stream_sounds_as_it_does_alone_whatever_the_others_do()
    {
        var shared = 0;
        for (var schedule = 0; schedule < 200; schedule++)
        {
            var random = new Random(schedule);
            var slots = random.Next(1, 5);
            RandomReader[] readers =
            [
                .. Enumerable.Range(0, random.Next(1, 7)).Select(_ => new RandomReader(random.Next())),
            ];
            var fake = new FakeModel(slots);
            var reading = Task.WhenAll(readers.Select(reader => reader.ReadAsync(Speak(fake), Cancellation)));
            (await Task.WhenAny(reading, Task.Delay(Long, Cancellation))).ShouldBe(
                reading,
                $"schedule {schedule} stands"
            );
            var heard = await reading;

            fake.Dispose();
            fake.Engine.IsFreed.ShouldBeTrue();
            fake.Engine.MostOpen.ShouldBeLessThanOrEqualTo(slots);
            shared += fake.Engine.StreamsOf("sample").Count(streams => streams.Length > 1);
            for (var i = 0; i < readers.Length; i++)
            {
                await ShouldBeAloneAsync(readers[i], heard[i], $"schedule {schedule}, reader {i}");
            }
        }

        shared.ShouldBeGreaterThan(300); // else nothing was tried
    }

    [Fact]
    public async Task So_does_the_model_itself()
    {
        for (var schedule = 0; schedule < 8; schedule++)
        {
            var random = new Random(schedule);
            RandomReader[] readers = [.. Enumerable.Range(0, 4).Select(_ => new RandomReader(random.Next()))];
            var heard = await Task.WhenAll(readers.Select(reader => reader.ReadAsync(Speak, Cancellation)));
            for (var i = 0; i < readers.Length; i++)
            {
                var alone = (await Speak(readers[i], Cancellation).ToAudioAsync(Cancellation)).Samples.ToArray();

                heard[i].Length.ShouldBeLessThanOrEqualTo(alone.Length);
                heard[i].ShouldBe(alone[..heard[i].Length], $"schedule {schedule}, reader {i}");
            }
        }

        Speech Speak(RandomReader reader, CancellationToken cancellationToken) =>
            Model.SpeakAsync(
                reader.Text,
                Voice,
                new SpeakOptions { Seed = reader.Seed, FramesPerHandOver = reader.Together },
                cancellationToken
            );
    }

    private static Func<RandomReader, CancellationToken, Speech> Speak(FakeModel fake) =>
        (reader, token) => fake.SpeakUntil(reader.Text, reader.Seed, reader.Together, token);

    /// <summary>Alone, and every frame decoded by itself.</summary>
    private static async Task ShouldBeAloneAsync(RandomReader reader, float[] heard, string which)
    {
        using var fake = new FakeModel(slots: 1);
        var speech = fake.Speak(reader.Text, reader.Seed);
        var alone = (await speech.ToAudioAsync(Cancellation)).Samples.ToArray();

        heard.Length.ShouldBeLessThanOrEqualTo(alone.Length, which);
        heard.AsSpan().SequenceEqual(alone.AsSpan(0, heard.Length)).ShouldBeTrue(which);
        if (reader.IsWhole)
        {
            (reader.Report with { Chunks = [] }).ShouldBe(speech.Report with { Chunks = [] }, which);
            reader.Report.Chunks.ShouldBe(speech.Report.Chunks, which);
        }
        else
        {
            reader.Report.FramesSpoken.ShouldBe(heard.Length / fake.Model.SamplesPerFrame, which);
            reader.Report.FramesComputed.ShouldBeLessThanOrEqualTo(speech.Report.FramesComputed, which);
        }
    }
}
