using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>Turns noise into a latent under a pair of conditions, one solver step after another.</summary>
/// <remarks>All that depends on the step lies in tables, and each step has a binding to its rows: nothing is bound again.</remarks>
internal sealed class LatentSampler : IDisposable
{
    private readonly OnnxSession _conditions;
    private readonly OnnxSession _step;
    private readonly int _width;
    private readonly List<IDisposable> _owned = [];
    private readonly NativeTensor _latent;
    private readonly NativeTensor _previousPrediction;
    private readonly NativeTensor _condition;
    private readonly NativeTensor _guidance;
    private readonly NativeTensor _nextLatent;
    private readonly NativeTensor _prediction;
    private readonly OnnxBinding _conditionsBinding;
    private readonly OnnxBinding[] _stepBindings;

    public LatentSampler(OnnxSession conditions, OnnxSession step, SolverSchedule schedule, DiffusionConfig config)
    {
        _conditions = conditions;
        _step = step;
        _width = config.HiddenSize;
        var steps = schedule.Steps;
        _latent = Table(1, config.LatentSize);
        _previousPrediction = Table(1, config.LatentSize);
        _nextLatent = Table(1, config.LatentSize);
        _prediction = Table(1, config.LatentSize);
        _guidance = Table(1, 1);
        _condition = Table(2 * steps.Count, _width);
        var time = Table(2 * steps.Count, config.FrequencySize);
        var modulations = Table(2 * steps.Count, DiffusionHead.PartsOf(config.Layers) * _width);
        for (var row = 0; row < 2 * steps.Count; row++)
        {
            TimeEmbedding
                .Create(steps[row / 2].Timestep, config.FrequencySize)
                .CopyTo(time.Floats[(row * config.FrequencySize)..]);
        }

        _conditionsBinding = Own(conditions.CreateBinding());
        _conditionsBinding.BindInput(SamplerConditions.Condition, _condition.OrtValue);
        _conditionsBinding.BindInput(SamplerConditions.Time, time.OrtValue);
        _conditionsBinding.BindOutput(SamplerConditions.Modulations, modulations.OrtValue);
        _stepBindings = [.. steps.Select((numbers, k) => BindStep(numbers, k, modulations))];
    }

    /// <summary>Noise before, the latent after, <c>[C]</c>.</summary>
    public Span<float> Latent => _latent.Floats;

    /// <summary>What is to be said, <c>[D]</c>.</summary>
    public Span<float> Condition => _condition.Floats[.._width];

    /// <summary>What guidance leads away from, <c>[D]</c>.</summary>
    public Span<float> NegativeCondition => _condition.Floats.Slice(_width, _width);

    public void Sample(float guidance)
    {
        Begin(guidance);
        for (var step = 0; step < _stepBindings.Length; step++)
        {
            RunStep(step);
        }
    }

    /// <summary>To be called when the conditions are set, before the first step.</summary>
    public void Begin(float guidance)
    {
        _guidance.Floats[0] = guidance;
        _previousPrediction.Floats.Clear(); // its factor is 0, and 0 · NaN would not be
        var pair = _condition.Floats[..(2 * _width)];
        for (var step = 1; step < _stepBindings.Length; step++)
        {
            pair.CopyTo(_condition.Floats[(step * pair.Length)..]);
        }

        _conditions.Run(_conditionsBinding);
    }

    public void RunStep(int index)
    {
        _step.Run(_stepBindings[index]);
        _nextLatent.Floats.CopyTo(_latent.Floats);
        _prediction.Floats.CopyTo(_previousPrediction.Floats);
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--) // views and bindings before their memory
        {
            _owned[i].Dispose();
        }
    }

    private OnnxBinding BindStep(SolverStep numbers, int index, NativeTensor modulations)
    {
        var binding = Own(_step.CreateBinding());
        var width = (int)modulations.Shape[1];
        var rows = Own(modulations.ViewFrom(2 * index * width, 2, width));
        binding.BindInput(SamplerStep.Modulations, rows);
        binding.BindInput(SamplerStep.Latent, _latent.OrtValue);
        binding.BindInput(SamplerStep.PreviousPrediction, _previousPrediction.OrtValue);
        binding.BindInput(SamplerStep.Guidance, _guidance.OrtValue);
        BindNumber(SamplerStep.Alpha, numbers.Alpha);
        BindNumber(SamplerStep.Sigma, numbers.Sigma);
        BindNumber(SamplerStep.LatentFactor, numbers.LatentFactor);
        BindNumber(SamplerStep.PredictionFactor, numbers.PredictionFactor);
        BindNumber(SamplerStep.DifferenceFactor, numbers.DifferenceFactor);
        binding.BindOutput(SamplerStep.NextLatent, _nextLatent.OrtValue);
        binding.BindOutput(SamplerStep.Prediction, _prediction.OrtValue);
        return binding;

        void BindNumber(string name, float number)
        {
            var tensor = Table(1, 1);
            tensor.Floats[0] = number;
            binding.BindInput(name, tensor.OrtValue);
        }
    }

    private NativeTensor Table(int rows, int width) => Own(NativeTensor.OfFloats(rows, width));

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }
}
