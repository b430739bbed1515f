using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>Turns noise into a latent under a pair of conditions, one solver step after another.</summary>
internal sealed class LatentSampler : IDisposable
{
    private readonly OnnxSession _session;
    private readonly IReadOnlyList<SolverStep> _steps;
    private readonly IReadOnlyList<float[]> _times;
    private readonly OnnxBinding _binding;
    private readonly List<NativeTensor> _tensors = [];
    private readonly NativeTensor _latent;
    private readonly NativeTensor _previousPrediction;
    private readonly NativeTensor _condition;
    private readonly NativeTensor _negativeCondition;
    private readonly NativeTensor _time;
    private readonly NativeTensor _guidance;
    private readonly NativeTensor _alpha;
    private readonly NativeTensor _sigma;
    private readonly NativeTensor _latentFactor;
    private readonly NativeTensor _predictionFactor;
    private readonly NativeTensor _differenceFactor;
    private readonly NativeTensor _nextLatent;
    private readonly NativeTensor _prediction;

    public LatentSampler(OnnxSession session, SolverSchedule schedule, DiffusionConfig config)
    {
        _session = session;
        _steps = schedule.Steps;
        _times = [.. _steps.Select(step => TimeEmbedding.Create(step.Timestep, config.FrequencySize))];
        _binding = session.CreateBinding();
        _latent = Input(SamplerStep.Latent, config.LatentSize);
        _previousPrediction = Input(SamplerStep.PreviousPrediction, config.LatentSize);
        _condition = Input(SamplerStep.Condition, config.HiddenSize);
        _negativeCondition = Input(SamplerStep.NegativeCondition, config.HiddenSize);
        _time = Input(SamplerStep.Time, config.FrequencySize);
        _guidance = Input(SamplerStep.Guidance, 1);
        _alpha = Input(SamplerStep.Alpha, 1);
        _sigma = Input(SamplerStep.Sigma, 1);
        _latentFactor = Input(SamplerStep.LatentFactor, 1);
        _predictionFactor = Input(SamplerStep.PredictionFactor, 1);
        _differenceFactor = Input(SamplerStep.DifferenceFactor, 1);
        _nextLatent = Output(SamplerStep.NextLatent, config.LatentSize);
        _prediction = Output(SamplerStep.Prediction, config.LatentSize);
    }

    /// <summary>Noise before, the latent after, <c>[C]</c>.</summary>
    public Span<float> Latent => _latent.Floats;

    /// <summary>What is to be said, <c>[D]</c>.</summary>
    public Span<float> Condition => _condition.Floats;

    /// <summary>What guidance leads away from, <c>[D]</c>.</summary>
    public Span<float> NegativeCondition => _negativeCondition.Floats;

    public int StepCount => _steps.Count;

    public void Sample(float guidance)
    {
        for (var step = 0; step < _steps.Count; step++)
        {
            RunStep(step, guidance);
        }
    }

    public void RunStep(int index, float guidance)
    {
        var step = _steps[index];
        _times[index].CopyTo(_time.Floats);
        _guidance.Floats[0] = guidance;
        _alpha.Floats[0] = step.Alpha;
        _sigma.Floats[0] = step.Sigma;
        _latentFactor.Floats[0] = step.LatentFactor;
        _predictionFactor.Floats[0] = step.PredictionFactor;
        _differenceFactor.Floats[0] = step.DifferenceFactor;
        if (index == 0)
        {
            _previousPrediction.Floats.Clear(); // its factor is 0, and 0 · NaN would not be
        }

        _session.Run(_binding);
        _nextLatent.Floats.CopyTo(_latent.Floats);
        _prediction.Floats.CopyTo(_previousPrediction.Floats);
    }

    public void Dispose()
    {
        _binding.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
    }

    private NativeTensor Input(string name, int width)
    {
        var tensor = Row(width);
        _binding.BindInput(name, tensor.OrtValue);
        return tensor;
    }

    private NativeTensor Output(string name, int width)
    {
        var tensor = Row(width);
        _binding.BindOutput(name, tensor.OrtValue);
        return tensor;
    }

    private NativeTensor Row(int width)
    {
        var tensor = NativeTensor.OfFloats(1, width);
        _tensors.Add(tensor);
        return tensor;
    }
}
