using VibeVoice.Checkpoints;
using VibeVoice.Generation;

namespace VibeVoice.Tests.Generation;

/// <summary>Whole runs with the recorded noise, fed by nothing else, against the reference's numbers.</summary>
[Trait("Category", "Reference")]
public sealed class RunParityTests(TinyEngine tiny) : IClassFixture<TinyEngine>
{
    [Theory]
    [InlineData("run-long", 36, 33, "fused")]
    [InlineData("run-short", 30, 29, "fused")]
    [InlineData("run-long", 36, 33, "plain")]
    [InlineData("run-short", 30, 29, "plain")]
    [InlineData("run-long", 36, 33, "native")]
    [InlineData("run-short", 30, 29, "native")]
    public void A_free_run_equals_the_reference(string name, int computed, int putOut, string engine)
    {
        using var golden = Open(name);
        var tokens = Tokens(golden);
        tokens.Select(token => (long)token).ShouldBe(golden.ReadInt64("token_ids"));
        using var run = Start(golden, Engine(engine));
        var textHidden = new List<float>();
        var speechHidden = new List<float>();
        var taken = 0;
        while (run.End is null)
        {
            if (run.NeedsText)
            {
                var window = tokens[taken..Math.Min(taken + SpeechRun.TokensPerWindow, tokens.Length)];
                taken += window.Length;
                run.ReadText(window);
                textHidden.AddRange(run.TextHidden);
                speechHidden.AddRange(run.SpeechHidden);
            }

            var frame = run.FramesComputed;
            run.Condition.ShouldBeWithin(Tolerances.Run, Row(golden, "condition", frame));
            run.NegativeCondition.ShouldBeWithin(Tolerances.Run, Row(golden, "negative_condition", frame));
            var samples = run.NextFrame();
            run.Latent.ShouldBeWithin(Tolerances.Run, Row(golden, "latent", frame));
            samples?.ShouldBeWithin(Tolerances.Run, Row(golden, "audio", frame));
            run.Condition.ShouldBeWithin(Tolerances.Run, Row(golden, "speech_hidden", frame));
            run.NegativeCondition.ShouldBeWithin(Tolerances.Run, Row(golden, "negative_hidden", frame));
            run.EndLogit.ShouldBe(golden.ReadFloat32("eos_logit")[frame], 1e-3);
        }

        run.End.ShouldBe(SpeechEndReason.EndOfSpeech);
        run.FramesComputed.ShouldBe(computed);
        run.FramesPutOut.ShouldBe(putOut);
        textHidden.ToArray().ShouldBeWithin(Tolerances.Run, golden.ReadFloat32("lm_hidden"));
        speechHidden.ToArray().ShouldBeWithin(Tolerances.Run, golden.ReadFloat32("text_hidden"));
    }

    [Fact]
    public void A_run_that_never_ends_stops_at_the_last_position()
    {
        using var golden = Open("run-limit");
        var tokens = Tokens(golden);
        using var run = Start(golden, tiny.Endless.Engine);
        var taken = 0;
        float[]? last = null;
        while (run.End is null)
        {
            if (run.NeedsText)
            {
                var window = tokens[taken..Math.Min(taken + SpeechRun.TokensPerWindow, tokens.Length)];
                taken += window.Length;
                run.ReadText(window);
            }

            last = run.NextFrame();
        }

        run.End.ShouldBe(SpeechEndReason.PositionLimit);
        run.FramesComputed.ShouldBe(91);
        run.FramesPutOut.ShouldBe(91);
        last.ShouldNotBeNull().ShouldBeWithin(Tolerances.Run, golden.ReadFloat32("last_audio"));
    }

    private static SafetensorsFile Open(string name) =>
        SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, $"{name}.safetensors"));

    private static ReadOnlySpan<float> Row(SafetensorsFile golden, string name, int row)
    {
        var width = (int)golden.Tensors[name].Shape[1];
        return golden.ReadFloat32(name).AsSpan(row * width, width);
    }

    private int[] Tokens(SafetensorsFile golden)
    {
        var text = new StableText();
        var certain = text.Append(GoldenFiles.Describe(golden).GetProperty("text").GetString()!);
        return [.. tiny.Tokenizer.Encode(certain), .. tiny.Tokenizer.Encode(text.Finish())];
    }

    private SpeechEngine Engine(string name) =>
        name switch
        {
            "fused" => tiny.Fused.Engine,
            "plain" => tiny.Plain.Engine,
            _ => tiny.Native.Value,
        };

    private SpeechRun Start(SafetensorsFile golden, SpeechEngine engine)
    {
        var description = GoldenFiles.Describe(golden);
        var diffusion = engine.Config.Diffusion;
        return new SpeechRun(
            engine,
            tiny.Voice,
            new SpeechRunOptions(
                description.GetProperty("cfg_scale").GetSingle(),
                SolverSchedule.Create(description.GetProperty("steps").GetInt32(), diffusion.TrainingSteps),
                new RecordedNoise(golden.ReadFloat32("noise"), diffusion.LatentSize)
            )
        );
    }
}
