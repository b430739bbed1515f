using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>A graph, opened by ONNX Runtime with weights that it does not own.</summary>
/// <remarks>Runs may come from any thread, each with a binding of its own.</remarks>
internal sealed class OnnxSession : IDisposable
{
    private readonly SessionOptions _options;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();

    public OnnxSession(OnnxGraph graph, WeightStore weights, PrePackedWeightsContainer packed, int threads)
    {
        _options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Sessions take turns: threads of one that spin while another runs would take its cores.
        _options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        foreach (var weight in graph.Weights)
        {
            _options.AddInitializer(weight.Name, weights.Get(weight).OrtValue);
        }

        _session = new InferenceSession(graph.Model, _options, packed);
    }

    public OrtIoBinding CreateBinding() => _session.CreateIoBinding();

    public void Run(OrtIoBinding binding) => _session.RunWithBinding(_runOptions, binding);

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
        _runOptions.Dispose();
    }
}
