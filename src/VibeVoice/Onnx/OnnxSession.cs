using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>A graph, opened by ONNX Runtime with weights that it does not own.</summary>
/// <remarks>Runs may come from any thread, each with a binding of its own.</remarks>
internal sealed class OnnxSession : IDisposable
{
    private readonly SessionOptions _options;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly bool _isOnHost;

    public OnnxSession(OnnxGraph graph, WeightStore weights, PrePackedWeightsContainer packed, int threads)
    {
        _options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Sessions run one at a time: threads may spin between two nodes of a run, but not while another session runs.
        _options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
        _options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        weights.Device.Configure(_options);
        _isOnHost = weights.Device.IsHost;
        foreach (var weight in graph.GivenToTheSession)
        {
            // A tensor of the device it computes on is used where it is, by all sessions; of another, it would be ignored.
            _options.AddInitializer(weight.Name, weights.Get(weight).OrtValue);
        }

        _session = Open(graph, weights, packed);
    }

    public OnnxBinding CreateBinding() => new(_session.CreateIoBinding(), _isOnHost);

    /// <summary>An allocator of memory that this session may use; disposed before it.</summary>
    public OrtAllocator CreateAllocator(OrtMemoryInfo memory) => new(_session, memory);

    public void Run(OnnxBinding binding) => _session.RunWithBinding(_runOptions, binding.Refresh());

    // Runtimes since 1.24 insist that the file exists which an initializer names, also when its numbers are given.
    private InferenceSession Open(OnnxGraph graph, WeightStore weights, PrePackedWeightsContainer packed)
    {
        var folder = Directory.CreateTempSubdirectory("vibevoice-");
        try
        {
            var file = Path.Combine(folder.FullName, OnnxMessages.PlaceholderFile);
            if (!weights.Device.HasFloat16 && graph.Weights.Any(weight => weight.Type == TensorType.Float16))
            {
                // The processor has no products in float16: the runtime makes float32 of the weights, and wants to read them.
                graph.WriteMatrices(file, weights);
            }
            else
            {
                File.WriteAllBytes(file, []);
            }

            _options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder.FullName);
            return new InferenceSession(graph.Serialize(weights), _options, packed);
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
