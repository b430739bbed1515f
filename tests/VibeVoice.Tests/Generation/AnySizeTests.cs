using CsCheck;
using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Tests.Reference;
using VibeVoice.Text;

namespace VibeVoice.Tests.Generation;

/// <summary>Whole free runs of random checkpoints against plain loops in float64.</summary>
[Trait("Category", "Reference")]
public sealed class AnySizeTests
{
    private const string Text = "Any size will do.";
    private const int MostFrames = 20; // into a fourth window
    private static readonly TextTokenizer _tokenizer = TextTokenizer.Load(GoldenFiles.Tiny);

    [Fact]
    public void A_free_run_equals_plain_loops_whatever_the_sizes() =>
        RandomCheckpoint.Any.Sample(Hold, iter: 25, print: checkpoint => checkpoint.ToString());

    private static void Hold(RandomCheckpoint random)
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = random.Write(folder);
        var (config, diffusion) = (checkpoint.Config, checkpoint.Config.Diffusion);
        var voice = SyntheticPreset.Make("voice", config);
        int[] tokens = [.. TextTokenizer.Load(folder.Path).Encode(Text + "\n")];
        tokens.ShouldBe(_tokenizer.Encode(Text + "\n"));
        var noise = new SeededNoise(random.Seed);
        var expected = new PlainRun(checkpoint).Speak(
            voice,
            tokens,
            noise,
            random.Guidance,
            new PlainSolver(random.Steps, diffusion.TrainingSteps),
            MostFrames
        );
        if (expected.EndLogits.Any(logit => Math.Abs(logit) < 1e-4))
        {
            return; // either side of the end is right
        }

        foreach (var kernel in Kernels(config.Language))
        {
            using var engine = Engine.Load(checkpoint, new EngineOptions(1, null, kernel), CancellationToken.None);
            var schedule = SolverSchedule.Create(random.Steps, diffusion.TrainingSteps);
            using var run = new SpeechRun(engine, voice, new SpeechRunOptions(random.Guidance, schedule, noise));
            var latents = new List<float>();
            var audio = new List<float>();
            var logits = new List<float>();
            for (var taken = 0; run.End is null && run.FramesComputed < MostFrames; )
            {
                if (run.NeedsText)
                {
                    run.ReadText(tokens.AsSpan(taken, Math.Min(SpeechRun.TokensPerWindow, tokens.Length - taken)));
                    taken = Math.Min(taken + SpeechRun.TokensPerWindow, tokens.Length);
                    if (run.End is not null)
                    {
                        break;
                    }
                }

                run.NextFrame();
                latents.AddRange(run.Latent);
                audio.AddRange(run.Samples);
                logits.Add(run.EndLogit);
            }

            run.FramesComputed.ShouldBe(expected.Latents.Count);
            run.FramesPutOut.ShouldBe(expected.FramesPutOut);
            run.End.ShouldBe(expected.End);
            ShouldBeClose(latents, expected.Latents.SelectMany(row => row));
            ShouldBeClose(audio, expected.Audio);
            ShouldBeClose(logits.Take(expected.EndLogits.Count), expected.EndLogits);
        }
    }

    private static IEnumerable<AttentionKernel> Kernels(LanguageConfig language) =>
        AttentionKernels.For(language) == AttentionKernel.Fused
            ? [AttentionKernel.Fused, AttentionKernel.Plain]
            : [AttentionKernel.Plain];

    private static void ShouldBeClose(IEnumerable<float> actual, IEnumerable<double> expected) =>
        actual.ToArray().ShouldBeWithin(Tolerances.Run, [.. expected.Select(number => (float)number)]);
}
