using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Tests.Generation;

namespace VibeVoice.Tests.Graphs;

/// <summary>Each part alone against the reference's numbers.</summary>
[Trait("Category", "Reference")]
public sealed class ComponentParityTests(TinyEngine tiny) : IClassFixture<TinyEngine>
{
    private readonly ModelConfig _config = tiny.Checkpoint.Config;

    [Fact]
    public void The_connector_equals_the_reference() =>
        OneGraph
            .Run(tiny.Checkpoint, (g, x) => new Connector(_config).Forward(g, x[0]), Recorded("connector.latent"))
            .ShouldBeWithin(Tolerances.Component, Numbers("connector.embedding"));

    [Fact]
    public void The_end_of_speech_classifier_equals_the_reference() =>
        OneGraph
            .Run(
                tiny.Checkpoint,
                (g, x) => new EndOfSpeech(_config.Language, bias: null).Forward(g, x[0]),
                Recorded("eos.hidden")
            )
            .ShouldBeWithin(Tolerances.Component, Numbers("eos.logit"));

    [Fact]
    public void The_diffusion_head_equals_the_reference()
    {
        var times = Numbers("head.t");
        var embeddings = times.SelectMany(t => TimeEmbedding.Create((int)t, _config.Diffusion.FrequencySize));

        OneGraph
            .Run(
                tiny.Checkpoint,
                (g, x) =>
                {
                    var head = new DiffusionHead(_config.Diffusion);
                    return head.Forward(g, x[0], head.Modulations(g, x[1], x[2]));
                },
                Recorded("head.z"),
                ([times.Length, _config.Diffusion.FrequencySize], [.. embeddings]),
                Recorded("head.condition")
            )
            .ShouldBeWithin(Tolerances.Component, Numbers("head.v"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(15)]
    [InlineData(20)]
    public void The_solver_takes_the_path_of_the_reference(int steps)
    {
        var schedule = SolverSchedule.Create(steps, _config.Diffusion.TrainingSteps);
        var path = Numbers($"solver.{steps}.path");
        var width = _config.Diffusion.LatentSize;
        using var sampler = new LatentSampler(
            tiny.Fused.Engine.SamplerConditions,
            tiny.Fused.Engine.Sampler,
            schedule,
            _config.Diffusion
        );
        Numbers("solver.condition").CopyTo(sampler.Condition);
        Numbers("solver.negative_condition").CopyTo(sampler.NegativeCondition);
        path.AsSpan(0, width).CopyTo(sampler.Latent);

        schedule.Timesteps.Select(t => (long)t).ShouldBe(tiny.Components.ReadInt64($"solver.{steps}.timesteps"));
        var sigmas = Numbers($"solver.{steps}.sigmas");
        for (var k = 0; k < sigmas.Length; k++)
        {
            schedule.Sigmas[k].ShouldBe(sigmas[k], 1e-4 * Math.Max(1, sigmas[k]));
        }

        sampler.Begin(1.5f);
        for (var step = 0; step < steps; step++)
        {
            sampler.RunStep(step);
            ((ReadOnlySpan<float>)sampler.Latent).ShouldBeWithin(
                Tolerances.Component,
                path.AsSpan((step + 1) * width, width)
            );
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void The_decoder_equals_the_reference_in_any_chunks(int frames)
    {
        var engine = tiny.Fused.Engine;
        var latents = Numbers("decoder.latents");
        using var decoder = new SoundDecoder(engine, frames);
        var audio = latents
            .Chunk(frames * _config.Acoustic.LatentSize)
            .SelectMany(chunk => decoder.Decode(chunk).ToArray())
            .ToArray();

        audio.ShouldBeWithin(Tolerances.Component, Numbers("decoder.one_shot"));
        audio.ShouldBeWithin(Tolerances.Component, Numbers("decoder.streamed"));
    }

    private float[] Numbers(string name) => tiny.Components.ReadFloat32(name);

    private (long[], float[]) Recorded(string name) => (tiny.Components.Tensors[name].Shape, Numbers(name));
}
