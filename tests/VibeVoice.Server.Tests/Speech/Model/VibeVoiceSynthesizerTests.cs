using Microsoft.Extensions.Logging.Abstractions;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Models;
using VibeVoice.Server.Models.Voices;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;

namespace VibeVoice.Server.Tests.Speech.Model;

public sealed class VibeVoiceSynthesizerTests
{
    private static readonly string TinyModel = Testing.Repository.PathOf("tests", "VibeVoice.Tests", "golden", "tiny");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_checkpoint_folder_speaks_with_its_only_voice_as_the_default()
    {
        using var synthesizer = await LoadAsync();

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
        using var synthesizer = await LoadAsync();

        var first = Samples(await SpeakAsync(synthesizer, "Hello there.", seed: 7));
        var again = Samples(await SpeakAsync(synthesizer, "Hello there.", seed: 7));
        var other = Samples(await SpeakAsync(synthesizer, "Hello there.", seed: 8));

        again.ShouldBe(first);
        other.ShouldNotBe(first);
    }

    [Fact]
    public async Task Speech_that_ends_before_its_text_says_so()
    {
        using var synthesizer = await LoadAsync();

        // The small checkpoint has room for 128 positions, far fewer than this text has tokens.
        var frames = await SpeakAsync(synthesizer, string.Join(' ', Enumerable.Repeat("word", 200)), seed: 1);

        frames[^1].Warning.ShouldNotBeNull().ShouldStartWith("The text was not spoken to its end");
        frames.SkipLast(1).ShouldAllBe(frame => frame.Warning == null);
    }

    [Fact]
    public void A_device_that_this_build_has_not_stops_the_start() =>
        Should
            .Throw<SettingsException>(() => Create(new SpeechSettings { ModelDevice = ModelDevice.Cuda }))
            .Message.ShouldStartWith("MODEL_DEVICE is 'cuda', but this build computes on the CPU");

    [Fact]
    public void A_folder_without_a_checkpoint_or_without_voices_stops_the_start()
    {
        Should
            .Throw<SettingsException>(() => Open(new SpeechSettings { ModelPath = "/nowhere" }))
            .Message.ShouldStartWith("MODEL_PATH is '/nowhere', which is no folder with a checkpoint");
        Should
            .Throw<SettingsException>(() => Create(new SpeechSettings { VoicesPath = "/nowhere" }))
            .Message.ShouldStartWith("There is no voice in '/nowhere'");
    }

    [Fact]
    public async Task A_broken_checkpoint_is_told_in_the_words_of_the_library()
    {
        var folder = Directory.CreateTempSubdirectory("vibevoice-broken-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(TinyModel))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            }

            await File.WriteAllBytesAsync(Path.Combine(folder, "model.safetensors"), new byte[100], Token);
            using var synthesizer = Open(
                new SpeechSettings { ModelPath = folder, VoicesPath = Path.Combine(TinyModel, "voices") }
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

    private static VibeVoiceSynthesizer Create(SpeechSettings settings) =>
        Open(settings with { ModelPath = TinyModel });

    /// <summary>With a hub and a volume that nothing here needs.</summary>
    private static VibeVoiceSynthesizer Open(SpeechSettings settings)
    {
        var hub = new HubStore(
            new HubOptions { IsOffline = true },
            "/nowhere",
            TimeProvider.System,
            NullLogger<HubStore>.Instance
        );
        var models = new ModelLocator(settings, hub);
        var voices = new VoiceInstaller(
            new VoiceOptions(),
            new Workspace { Root = "/nowhere" },
            TimeProvider.System,
            NullLogger<VoiceInstaller>.Instance
        );
        var library = new VoiceLibrary(settings, models.GivenFolder, voices.Folder);
        return new VibeVoiceSynthesizer(settings, new EngineFiles(models, library, voices));
    }

    private static async Task<VibeVoiceSynthesizer> LoadAsync()
    {
        var synthesizer = Create(new SpeechSettings());
        await synthesizer.LoadAsync(Token);
        return synthesizer;
    }

    private static async Task<List<SpokenFrame>> SpeakAsync(VibeVoiceSynthesizer synthesizer, string text, double seed)
    {
        var input = new SpeechInput { Text = text, Seed = seed };
        var request = new SpeechRequestFactory(new SpeechSettings(), synthesizer).Create(
            input,
            SpeechFieldNames.Job,
            []
        );
        var frames = new List<SpokenFrame>();
        await foreach (var frame in synthesizer.SpeakAsync(request, Token))
        {
            frames.Add(frame);
        }

        return frames;
    }

    private static float[] Samples(List<SpokenFrame> frames) =>
        [.. frames.SelectMany(frame => frame.Audio.Samples.ToArray())];
}
