#pragma warning disable xUnit1051, CA1859 // Examples are written as users write them.

using Microsoft.Extensions.AI;
using VibeVoice.Extensions.AI;

namespace VibeVoice.Tests.Packaging;

/// <summary>The examples of the libraries' READMEs, word for word: <see cref="ReadmeTests"/> compares them.</summary>
public sealed class ReadmeExamples : TinyModelTest
{
    private readonly List<float> _played = [];

    [Fact]
    public async Task Frames_are_played_as_they_come()
    {
        var (model, voice, cancellationToken) = (Model, Voice, Cancellation);
        var play = Play;

        await foreach (var frame in model.SpeakAsync("Hello there.", voice).WithCancellation(cancellationToken))
        {
            play(frame.Samples, frame.SampleRateHz);
        }

        _played.Count.ShouldBeGreaterThan(0);
        (_played.Count % Model.SamplesPerFrame).ShouldBe(0);
    }

    [Fact]
    public async Task A_text_is_spoken_while_it_is_written()
    {
        var (model, voice, cancellationToken) = (Model, Voice, Cancellation);

        async IAsyncEnumerable<string> AnswerAsync()
        {
            yield return "The answer ";
            await Task.Delay(100); // still thinking
            yield return "is forty-two.";
        }

        var answer = await model.SpeakAsync(AnswerAsync(), voice).ToAudioAsync(cancellationToken);

        var whole = await model.SpeakAsync("The answer is forty-two.", voice).ToAudioAsync(cancellationToken);
        answer.Samples.ToArray().ShouldBe(whole.Samples.ToArray());
    }

    [Fact]
    public async Task Options_are_given_and_a_report_is_read()
    {
        var (model, voice, cancellationToken) = (Model, Voice, Cancellation);

        var options = new SpeakOptions
        {
            Seed = 42, // the same seed, text and voice give the same speech
            Guidance = 1.5f, // how far to lead away from what the model says without the text
            DiffusionSteps = 10, // more is slower and slightly cleaner
        };
        var speech = model.SpeakAsync("Hello there.", voice, options);
        var audio = await speech.ToAudioAsync(cancellationToken);
        var report = speech.Report;
        var summary = $"{report.Duration.TotalSeconds:0.0} s, {report.EndReason}, peak {report.PeakLevel:0.00}";

        report.Duration.ShouldBe(audio.Duration);
        summary.ShouldContain(" s, EndOfSpeech, peak ");
    }

    [Fact]
    public async Task The_client_of_Extensions_AI_answers_with_a_wav_file()
    {
        var (model, voice) = (Model, Voice);

        using ITextToSpeechClient client = new VibeVoiceTextToSpeechClient(model, [voice], "VibeVoice-Realtime-0.5B");
        var response = await client.GetAudioAsync("Hello there.", new TextToSpeechOptions { AudioFormat = "wav" });
        var wav = response.Contents.OfType<DataContent>().Single();

        wav.Data.Length.ShouldBeGreaterThan(WavFile.HeadBytes);
    }

    [Fact]
    public async Task The_client_of_Extensions_AI_streams()
    {
        var (model, voice, cancellationToken) = (Model, Voice, Cancellation);
        var play = PlayBytes;

        using ITextToSpeechClient client = new VibeVoiceTextToSpeechClient(model, [voice], "VibeVoice-Realtime-0.5B");
        var options = new TextToSpeechOptions
        {
            VoiceId = voice.Name,
            AudioFormat = "pcm",
            AdditionalProperties = new()
            {
                ["seed"] = 42,
                ["guidance"] = 1.5,
                ["steps"] = 10,
            },
        };
        await foreach (var update in client.GetStreamingAudioAsync("Hello there.", options, cancellationToken))
        {
            foreach (var audio in update.Contents.OfType<DataContent>())
            {
                play(audio.Data, (int)update.AdditionalProperties!["sample_rate_hz"]!);
            }
        }

        _played.Count.ShouldBeGreaterThan(0);
    }

    private void Play(ReadOnlyMemory<float> samples, int sampleRateHz)
    {
        sampleRateHz.ShouldBe(Model.SampleRateHz);
        _played.AddRange(samples.Span);
    }

    private void PlayBytes(ReadOnlyMemory<byte> samples, int sampleRateHz)
    {
        sampleRateHz.ShouldBe(Model.SampleRateHz);
        _played.AddRange(samples.ToArray().Select(value => (float)value));
    }
}
