using CsCheck;
using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Native;
using VibeVoice.Tests.Reference;
using VibeVoice.Text;

namespace VibeVoice.Tests.Generation;

/// <summary>Whole free runs of random checkpoints against plain loops in float64.</summary>
[Trait("Category", "Reference")]
public sealed class AnySizeTests
{
    private const string Text = "Any size will do.";
    private const int MostFrames = 24; // four windows: a run cut in the middle of one would not know its end
    private const double MostSensitive = 1e-4; // a hundred times what Nudged does
    private static readonly ulong[] _directions = [0xAAAAAAAAAAAAAAAA, 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03];
    private static readonly TextTokenizer _tokenizer = TextTokenizer.Load(GoldenFiles.Tiny);

    /// <remarks>Always the same sizes: what one change passed, another is not stopped by.</remarks>
    [Fact]
    public void A_free_run_equals_plain_loops_whatever_the_sizes()
    {
        var compared = 0;
        for (var seed = 0ul; seed < 20; seed++)
        {
            var checkpoint = RandomCheckpoint.Any.Generate(new PCG(1, seed), null, out _);
            TestContext.Current.TestOutputHelper?.WriteLine($"{seed}: {checkpoint}");
            compared += IsEqual(checkpoint) ? 1 : 0;
        }

        compared.ShouldBeGreaterThan(10);
    }

    [Fact]
    [Trait("Category", "Parity")]
    public void A_free_run_equals_plain_loops_at_sizes_that_nobody_tried_before() =>
        RandomCheckpoint.Any.Sample(
            checkpoint =>
            {
                IsEqual(checkpoint);
            },
            iter: 200,
            print: checkpoint => checkpoint.ToString()
        );

    /// <returns>False where it cannot be told, or is too much to ask.</returns>
    private static bool IsEqual(RandomCheckpoint random)
    {
        using var folder = new TemporaryFolder();
        using var checkpoint = random.Write(folder);
        var (config, diffusion) = (checkpoint.Config, checkpoint.Config.Diffusion);
        var voice = SyntheticPreset.Make("voice", config);
        int[] tokens = [.. TextTokenizer.Load(folder.Path).Encode(Text + "\n")];
        tokens.ShouldBe(_tokenizer.Encode(Text + "\n"));
        var noise = new SeededNoise(random.Seed);
        var expected = Speak(noise);
        var margin = Tolerances.Run * expected.EndLogits.Select(Math.Abs).DefaultIfEmpty().Max();
        if (expected.EndLogits.Any(logit => Math.Abs(logit) < margin))
        {
            return false; // either side of the end is right
        }

        var sensitivity = _directions.Max(way => Distance(expected.Latents, Speak(new Nudged(noise, way)).Latents));
        if (sensitivity > MostSensitive)
        {
            return false; // makes so much of rounding that no float32 program could be held to it
        }

        foreach (var open in Engines(checkpoint))
        {
            using var engine = open();
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
            // What is decoded is not fed back. A norm over one or two channels is nearly a sign: near zero it makes much of
            // little, so the decoder is held to the latents that it was given.
            ShouldBeClose(audio, expected.Decode([.. latents.Chunk(diffusion.LatentSize).Select(Doubles)]));
            ShouldBeClose(logits.Take(expected.EndLogits.Count), expected.EndLogits);
        }

        return true;

        PlainRun Speak(INoiseSource source) =>
            new PlainRun(checkpoint).Speak(
                voice,
                tokens,
                source,
                random.Guidance,
                new PlainSolver(random.Steps, diffusion.TrainingSteps),
                MostFrames
            );
    }

    private static double Distance(List<double[]> a, List<double[]> b) =>
        a.Count == b.Count
            ? Tolerances.RelativeError(Floats(b.SelectMany(row => row)), Floats(a.SelectMany(row => row)))
            : double.PositiveInfinity;

    private static float[] Floats(IEnumerable<double> numbers) => [.. numbers.Select(number => (float)number)];

    private static double[] Doubles(float[] numbers) => [.. numbers.Select(number => (double)number)];

    /// <summary>Graphs with each kernel of attention, and kernels of our own on exact weights.</summary>
    private static IEnumerable<Func<SpeechEngine>> Engines(Checkpoint checkpoint)
    {
        foreach (var kernel in Kernels(checkpoint.Config.Language))
        {
            yield return () => GraphEngine.Load(checkpoint, new EngineOptions(1, null, kernel), CancellationToken.None);
        }

        for (var threads = 1; threads <= 2; threads++)
        {
            var options = new NativeOptions(threads, PartPrecisions.All(ModelPrecision.Float32));
            yield return () => NativeEngine.Load(checkpoint, options, CancellationToken.None);
        }
    }

    private static IEnumerable<AttentionKernel> Kernels(LanguageConfig language) =>
        AttentionKernels.For(language, ModelPrecision.Float32, isOnHost: true) == AttentionKernel.Fused
            ? [AttentionKernel.Fused, AttentionKernel.Plain]
            : [AttentionKernel.Plain];

    private static void ShouldBeClose(IEnumerable<float> actual, IEnumerable<double> expected) =>
        actual.ToArray().ShouldBeWithin(Tolerances.Run, Floats(expected));

    /// <summary>The same noise, moved by as little as float32 rounds: up where the pattern has a bit, else down.</summary>
    private sealed class Nudged(INoiseSource noise, ulong pattern) : INoiseSource
    {
        public void Fill(int frame, Span<float> numbers)
        {
            noise.Fill(frame, numbers);
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] *= 1 + (((pattern >> ((i + (7 * frame)) % 64)) & 1) == 0 ? -1e-6f : 1e-6f);
            }
        }
    }
}
