using Microsoft.ML.OnnxRuntime;
using VibeVoice.Onnx.Streaming;

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
        // Sessions take turns: threads may spin between two nodes of a run, but not while another session runs.
        _options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
        _options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        foreach (var weight in graph.GivenToTheSession)
        {
            _options.AddInitializer(weight.Name, weights.Get(weight).OrtValue);
        }

        StreamedLinear.Register(_options);

        _session = Open(graph.Serialize(weights), packed);
    }

    public OrtIoBinding CreateBinding() => _session.CreateIoBinding();

    public void Run(OrtIoBinding binding) => _session.RunWithBinding(_runOptions, binding);

    // Runtimes since 1.24 insist that the file exists which an initializer names, also when its numbers are given.
    private InferenceSession Open(byte[] model, PrePackedWeightsContainer packed)
    {
        var folder = Directory.CreateTempSubdirectory("vibevoice-");
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, OnnxMessages.PlaceholderFile), []);
            _options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder.FullName);
            return new InferenceSession(model, _options, packed);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
        _runOptions.Dispose();
    }
}
