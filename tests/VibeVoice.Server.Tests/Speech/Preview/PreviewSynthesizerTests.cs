using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Preview;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Tests.Speech.Preview;

[Collection(ProcessesCollection.Name)]
public sealed class PreviewSynthesizerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_published_voice_speaks()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());
        foreach (var voice in synthesizer.Voices.Voices)
        {
            var frames = await SpeakAsync(synthesizer, Request("Hello.", voice));

            frames
                .Max(frame => frame.Audio.Samples.IsEmpty ? 0 : frame.Audio.Samples.ToArray().Max())
                .ShouldBeGreaterThan(0.05f);
        }
    }

    [Fact]
    public async Task A_special_token_is_spoken_as_text()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());

        var plain = await SpeakAsync(synthesizer, Request("Hello."));
        var token = await SpeakAsync(synthesizer, Request("Hello <|endoftext|>."));

        Seconds(token).ShouldBeGreaterThan(Seconds(plain) + 0.5);
    }

    [Fact]
    public async Task The_share_of_the_text_rises_to_one()
    {
        RequiredToolIsThere();
        var text = string.Concat(Enumerable.Repeat("A sentence of a certain length, spoken once more. ", 40));

        var frames = await SpeakAsync(new PreviewSynthesizer(new SpeechSettings()), Request(text));

        var shares = frames.ConvertAll(frame => frame.ShareOfText);
        shares.ShouldBe(shares.Order());
        shares.Distinct().Count().ShouldBeGreaterThan(4);
        shares[^1].ShouldBe(1);
    }

    [Fact]
    public async Task A_text_in_pieces_is_spoken_by_sentence_wherever_it_is_cut()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());
        const string text = "One sentence. [pause:250ms] “Another?” And the rest";
        var whole = await SpeakInPiecesAsync(text.Length);
        (await SpeakInPiecesAsync(1)).ShouldBe(whole);
        (await SpeakInPiecesAsync(7)).ShouldBe(whole);

        // What is said is heard before the text has ended.
        var rest = new TaskCompletionSource<string>();
        await foreach (var frame in synthesizer.SpeakAsync(Request("x"), BeforeAsync(), Token))
        {
            frame.Audio.Samples.IsEmpty.ShouldBeFalse();
            break;
        }

        async IAsyncEnumerable<string> BeforeAsync()
        {
            yield return "A sentence. A";
            yield return await rest.Task;
        }

        async Task<float[]> SpeakInPiecesAsync(int length)
        {
            var pieces = text.Chunk(length).Select(piece => new string(piece)).ToAsyncEnumerable();
            var frames = await synthesizer.SpeakAsync(Request("x"), pieces, Token).ToListAsync(Token);
            return Samples(frames);
        }
    }

    [Fact]
    public async Task Pauses_are_silence_to_the_sample()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());

        var first = Samples(await SpeakAsync(synthesizer, Request("Hello.")));
        var second = Samples(await SpeakAsync(synthesizer, Request("There.")));
        var paused = await SpeakAsync(
            synthesizer,
            Request("[pause:0.1s]Hello. [pause:500ms][pause:0.0625ms] There.[pause:7.5s]")
        );

        Samples(paused)
            .ShouldBe([.. new float[2_400], .. first, .. new float[12_002], .. second, .. new float[180_000]]);
        paused.ShouldAllBe(frame => frame.Audio.Samples.Length <= 3_200);
        var shares = paused.ConvertAll(frame => frame.ShareOfText);
        shares.ShouldBe(shares.Order());
    }

    [Fact]
    public async Task Text_is_prepared_as_for_the_model()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());
        var options = new TextOptions { RemoveMarkdown = true, RemoveEmoji = true };
        var request = Request("# It’s **[here](https://x.y)** 😀\n\n\n\nNow.") with { Preparation = options };

        Samples(await SpeakAsync(synthesizer, request))
            .ShouldBe(Samples(await SpeakAsync(synthesizer, Request("It's here\n\nNow."))));
        (await synthesizer.OutlineAsync(request, Token))
            .Chunks.Select(chunk => chunk.Text)
            .ShouldBe(["It's here\n\nNow."]);
    }

    [Fact]
    public async Task Taken_up_between_two_pieces_it_is_the_rest_of_the_whole()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());
        var sentence = string.Concat(Enumerable.Repeat("One more sentence for the tape. ", 8));
        var request = Request($"[pause:100ms]{sentence}[pause:200ms]{sentence}{sentence}");
        var whole = await SpeakAsync(synthesizer, request);
        var marks = whole.Select(frame => frame.Mark?.Position).OfType<SpeechPosition>().ToList();
        var pieces = (await synthesizer.OutlineAsync(request, Token)).Chunks;

        marks.Select(position => position.Chunks).ShouldBe(Enumerable.Range(0, pieces.Count));
        string.Concat(pieces.Select(piece => piece.Text)).Length.ShouldBeGreaterThan(600);
        for (var i = 1; i < marks.Count; i++)
        {
            var rest = await SpeakAsync(synthesizer, request with { From = marks[i] });
            Samples(rest).ShouldBe(Samples([.. whole.SkipWhile(frame => frame.Mark?.Position != marks[i])]));
            rest[0].ShareOfText.ShouldBe(whole.First(frame => frame.Mark?.Position == marks[i]).ShareOfText);
        }
    }

    [Fact]
    public async Task The_first_frame_is_there_long_before_the_text_is_spoken()
    {
        RequiredToolIsThere();
        var synthesizer = new PreviewSynthesizer(new SpeechSettings());
        var text = string.Concat(Enumerable.Repeat("One more sentence for the tape. ", 600));
        var begun = TimeProvider.System.GetTimestamp();

        await foreach (var frame in synthesizer.SpeakAsync(Request(text), Token))
        {
            frame.ShareOfText.ShouldBe(0);
            break;
        }

        TimeProvider.System.GetElapsedTime(begun).TotalSeconds.ShouldBeLessThan(1.5);
    }

    [Fact]
    public async Task A_missing_espeak_is_named_with_the_way_out()
    {
        var synthesizer = new PreviewSynthesizer(new SpeechSettings { EspeakPath = "/nowhere/espeak-ng" });

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => synthesizer.LoadAsync(Token));

        failure.Message.ShouldContain("/nowhere/espeak-ng");
        failure.Message.ShouldContain("ESPEAK_PATH");
    }

    private static void RequiredToolIsThere() => Testing.RequiredTool.Find("espeak-ng");

    private static float[] Samples(List<SpokenFrame> frames) =>
        [.. frames.SelectMany(frame => frame.Audio.Samples.ToArray())];

    private static double Seconds(List<SpokenFrame> frames) => frames.Sum(frame => frame.Audio.Duration.TotalSeconds);

    private static async Task<List<SpokenFrame>> SpeakAsync(PreviewSynthesizer synthesizer, SpeechRequest request)
    {
        var frames = new List<SpokenFrame>();
        await foreach (var frame in synthesizer.SpeakAsync(request, Token))
        {
            frame.Audio.SampleRateHz.ShouldBe(24_000);
            frames.Add(frame);
        }

        return frames;
    }

    private static SpeechRequest Request(string text, VoiceInfo? voice = null) =>
        new()
        {
            Text = text,
            Characters = text.Length,
            Voice = voice ?? PublishedVoices.Catalog.Voices[2],
            Format = AudioFormat.Wav,
            Speed = 1,
            Seed = 1,
            CfgScale = 1.5,
            InferenceSteps = 5,
        };
}
