using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;

namespace VibeVoice.Server.Tests.Speech.Model;

public sealed class VibeVoiceSynthesizerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_checkpoint_folder_speaks_with_its_only_voice_as_the_default()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();

        var frames = await SpeakAsync(synthesizer, "Hello there.", seed: 7);

        synthesizer.Engine.ShouldBe("vibevoice");
        synthesizer.Model.ShouldBe("tiny");
        frames.Count.ShouldBeGreaterThan(1);
        frames.ShouldAllBe(frame => frame.Audio.SampleRateHz == synthesizer.SampleRateHz);
        frames.Select(frame => frame.ShareOfText).ShouldBe(frames.Select(frame => frame.ShareOfText).Order());
        frames[^1].ShareOfText.ShouldBe(1);
    }

    [Fact]
    public async Task A_seed_says_what_is_heard()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();

        var first = Samples(await SpeakAsync(synthesizer, "Hello there.", seed: 7));
        var again = Samples(await SpeakAsync(synthesizer, "Hello there.", seed: 7));
        var other = Samples(await SpeakAsync(synthesizer, "Hello there.", seed: 8));

        again.ShouldBe(first);
        other.ShouldNotBe(first);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public async Task A_text_that_arrives_in_pieces_is_the_speech_of_the_whole(int length)
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();
        const string text = "“Hello” there, you. [pause:500ms] And more of it:\n\nmuch more, and then it ends.";

        var whole = await SpeakAsync(synthesizer, text, seed: 7);
        var frames = new List<SpokenFrame>();
        var pieces = text.Chunk(length).Select(piece => new string(piece)).ToAsyncEnumerable();
        await foreach (var frame in synthesizer.SpeakAsync(Request(synthesizer, text, 7), pieces, Token))
        {
            frames.Add(frame);
        }

        Samples(frames).ShouldBe(Samples(whole));
        frames[^1].TextTokens.ShouldBe(whole[^1].TextTokens.ShouldNotBeNull());
        frames[^1].ShareOfText.ShouldBe(1);
    }

    [Fact]
    public async Task A_text_of_many_contexts_is_spoken_whole_with_its_pauses()
    {
        using var synthesizer = await TinySynthesizer.LoadAsync();

        // The small checkpoint has room for 128 positions, far fewer than this text has tokens.
        var text =
            $"{string.Join(' ', Enumerable.Repeat("word", 60))}.[pause:1s]{string.Join(' ', Enumerable.Repeat("more", 20))}";
        var frames = await SpeakAsync(synthesizer, text, seed: 1);
        var shares = frames.ConvertAll(frame => frame.ShareOfText);

        shares.ShouldBe(shares.Order());
        shares[^1].ShouldBe(1);
        LongestSilence(Samples(frames)).ShouldBeInRange(24_000, 24_002);
    }

    [Fact]
    public async Task What_a_limit_cut_is_told_for_each_chunk_in_a_sentence()
    {
        // Two frames a chunk: no speech comes to its end in that.
        var settings = new SpeechSettings { MaxChunkSeconds = 1, FramesPerToken = 3 };
        using var synthesizer = TinySynthesizer.Create(settings);
        await synthesizer.LoadAsync(Token);

        var frames = await SpeakAsync(synthesizer, "Hello there, you. And you too, there.", seed: 7);
        var warnings = frames.Select(frame => frame.Warning).OfType<string>().ToList();

        warnings.Count.ShouldBeGreaterThan(1);
        warnings.ShouldAllBe(warning => warning.StartsWith("Chunk ") && warning.Contains("MAX_CHUNK_SECONDS"));
        frames.Select(frame => frame.ShareOfText).ShouldBe(frames.Select(frame => frame.ShareOfText).Order());
    }

    [Fact]
    public async Task An_outline_says_what_is_spoken_and_needs_no_weights()
    {
        using var synthesizer = TinySynthesizer.Create(new SpeechSettings());
        var request = Request(
            synthesizer,
            "[pause:1s]“Hello” there. [pause:250ms] And there is more, much more to say. Then it ends.",
            7
        );

        var outline = await synthesizer.OutlineAsync(request, Token);

        outline.SilenceSeconds.ShouldBe(1);
        outline.Chunks[0].Text.ShouldBe("\"Hello\" there.");
        outline.Chunks[0].End.ShouldBe(ChunkBoundary.Pause);
        outline.Chunks[0].SilenceSeconds.ShouldBe(0.25);
        outline.Chunks.Count.ShouldBeGreaterThan(2);
        outline.Chunks[^1].End.ShouldBe(ChunkBoundary.TextEnd);
        outline.Tokens.ShouldBe(outline.Chunks.Sum(chunk => chunk.Tokens));
        outline.EstimatedSeconds.ShouldNotBeNull().ShouldBeGreaterThan(1.25);
    }

    [Fact]
    public async Task Settings_that_do_not_fit_a_voice_are_named()
    {
        using var synthesizer = TinySynthesizer.Create(new SpeechSettings { ChunkPositions = 20 });

        var request = Request(synthesizer, "Hello.", 7);
        var failure = await Should.ThrowAsync<SpeechFailedException>(() => synthesizer.OutlineAsync(request, Token));

        failure.Message.ShouldContain("CHUNK_POSITIONS");
        failure.Message.ShouldContain("'tiny'");
    }

    [Fact]
    public void A_device_that_this_build_has_not_stops_the_start() =>
        Should
            .Throw<SettingsException>(() =>
                TinySynthesizer.Create(new SpeechSettings { ModelDevice = ModelDevice.Cuda })
            )
            .Message.ShouldBe(
                "MODEL_DEVICE is 'cuda'. This build of the program computes on the CPU only: it has ONNX Runtime without CUDA "
                    + "(docs/gpu.md says how to build it with). To choose: set MODEL_DEVICE (for 'vibevoice speak', --device) to "
                    + "'cpu', or to 'auto' for whichever can be used."
            );

    [Fact]
    public void A_precision_that_no_engine_computes_stops_the_start() =>
        Should
            .Throw<SettingsException>(() =>
                TinySynthesizer.Create(
                    new SpeechSettings { ModelPrecision = PrecisionChoice.TryParse("float16,decoder=int8")! }
                )
            )
            .Message.ShouldStartWith("MODEL_PRECISION is 'float16,decoder=int8'. Precision 'text float16, ");

    [Theory]
    [InlineData(null, "The CPU was asked for.")]
    [InlineData(ModelDevice.Cpu, "The CPU was asked for.")]
    [InlineData(
        ModelDevice.Auto,
        "The CPU was chosen, since CUDA cannot be used. This build of the program computes on"
    )]
    public async Task Where_it_computes_is_told_with_the_reason(ModelDevice? device, string reason)
    {
        using var synthesizer = TinySynthesizer.Create(new SpeechSettings { ModelDevice = device });
        await synthesizer.LoadAsync(Token);

        var computing = synthesizer.Computing.ShouldNotBeNull();
        (computing.Device, computing.Precision).ShouldBe(("cpu", "int8"));
        computing.Reason.ShouldStartWith(reason);
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("int8,sampler=float32")]
    public async Task The_precision_of_the_settings_is_what_speaks(string precision)
    {
        using var synthesizer = TinySynthesizer.Create(
            new SpeechSettings { ModelPrecision = PrecisionChoice.TryParse(precision)! }
        );
        await synthesizer.LoadAsync(Token);

        synthesizer.Computing.ShouldNotBeNull().Precision.ShouldBe(precision);
    }

    [Fact]
    public void A_folder_without_a_checkpoint_or_without_voices_stops_the_start()
    {
        Should
            .Throw<SettingsException>(() => TinySynthesizer.Open(new SpeechSettings { ModelPath = "/nowhere" }))
            .Message.ShouldStartWith("MODEL_PATH is '/nowhere', which is no folder with a checkpoint");
        Should
            .Throw<SettingsException>(() => TinySynthesizer.Create(new SpeechSettings { VoicesPath = "/nowhere" }))
            .Message.ShouldStartWith("There is no voice in '/nowhere'");
    }

    [Fact]
    public async Task A_broken_checkpoint_is_told_in_the_words_of_the_library()
    {
        var folder = Directory.CreateTempSubdirectory("vibevoice-broken-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(TinySynthesizer.Folder))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            }

            await File.WriteAllBytesAsync(Path.Combine(folder, "model.safetensors"), new byte[100], Token);
            using var synthesizer = TinySynthesizer.Open(
                new SpeechSettings { ModelPath = folder, VoicesPath = Path.Combine(TinySynthesizer.Folder, "voices") }
            );

            var failure = await Should.ThrowAsync<SpeechFailedException>(() => synthesizer.LoadAsync(Token));

            failure.Message.ShouldStartWith("The model cannot be loaded. ");
            failure.Message.ShouldContain("model.safetensors");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<List<SpokenFrame>> SpeakAsync(VibeVoiceSynthesizer synthesizer, string text, double seed)
    {
        var request = Request(synthesizer, text, seed);
        var frames = new List<SpokenFrame>();
        await foreach (var frame in synthesizer.SpeakAsync(request, Token))
        {
            frames.Add(frame);
        }

        return frames;
    }

    private static SpeechRequest Request(VibeVoiceSynthesizer synthesizer, string text, double seed) =>
        new SpeechRequestFactory(new SpeechSettings(), synthesizer).Create(
            new SpeechInput { Text = text, Seed = seed },
            SpeechFieldNames.Job,
            []
        );

    private static int LongestSilence(float[] samples)
    {
        var (longest, length) = (0, 0);
        foreach (var sample in samples)
        {
            length = sample == 0 ? length + 1 : 0;
            longest = Math.Max(longest, length);
        }

        return longest;
    }

    private static float[] Samples(List<SpokenFrame> frames) =>
        [.. frames.SelectMany(frame => frame.Audio.Samples.ToArray())];
}
