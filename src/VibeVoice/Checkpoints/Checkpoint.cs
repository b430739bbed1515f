namespace VibeVoice.Checkpoints;

/// <summary>A folder in the published layout: configuration and weights, memory-mapped.</summary>
/// <remarks>Safe to share between threads until disposed.</remarks>
internal sealed class Checkpoint : IDisposable
{
    public const string WeightsFileName = "model.safetensors";

    private readonly IReadOnlyList<SafetensorsFile> _files;
    private readonly IReadOnlyDictionary<string, SafetensorsFile> _fileOfTensor;

    private Checkpoint(
        string folder,
        ModelConfig config,
        IReadOnlyList<SafetensorsFile> files,
        IReadOnlyDictionary<string, SafetensorsFile> fileOfTensor
    )
    {
        Folder = folder;
        Config = config;
        _files = files;
        _fileOfTensor = fileOfTensor;
    }

    public string Folder { get; }

    public ModelConfig Config { get; }

    /// <summary>Opens a folder and checks its configuration and the headers of its weight files.</summary>
    /// <exception cref="ModelFormatException">A file is missing or broken.</exception>
    public static Checkpoint Open(string folder)
    {
        var config = ModelConfig.Load(folder);
        var file = SafetensorsFile.Open(Path.Combine(folder, WeightsFileName));
        return new Checkpoint(folder, config, [file], file.Tensors.Keys.ToDictionary(name => name, _ => file));
    }

    public bool Contains(string name) => _fileOfTensor.ContainsKey(name);

    /// <summary>A tensor as float32, row-major.</summary>
    /// <exception cref="WeightMismatchException">It is missing, or has another shape or type.</exception>
    public float[] Read(string name, params long[] shape) => Find(name, shape).ReadFloat32(name);

    /// <summary>A tensor as float32, row-major, into memory of its size.</summary>
    /// <exception cref="WeightMismatchException">It is missing, or has another shape or type.</exception>
    public void Read(string name, ReadOnlySpan<long> shape, Span<float> destination) =>
        Find(name, shape).ReadFloat32(name, destination);

    /// <summary>The one element of a tensor, whatever its rank.</summary>
    /// <exception cref="WeightMismatchException">It is missing, or has more elements or another type.</exception>
    public float ReadScalar(string name)
    {
        var file = Find(name);
        var tensor = file.Tensors[name];
        return tensor.ElementCount == 1
            ? file.ReadFloat32(name)[0]
            : throw new WeightMismatchException(name, file.Path, "one element", TensorText.Shape(tensor.Shape));
    }

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private SafetensorsFile Find(string name) =>
        _fileOfTensor.TryGetValue(name, out var file)
            ? file
            : throw new WeightMismatchException(name, Folder, "a tensor", "nothing of that name");

    private SafetensorsFile Find(string name, ReadOnlySpan<long> shape)
    {
        if (!_fileOfTensor.TryGetValue(name, out var file))
        {
            throw new WeightMismatchException(name, Folder, TensorText.Shape(shape), "nothing of that name");
        }

        var tensor = file.Tensors[name];
        if (!tensor.Shape.AsSpan().SequenceEqual(shape))
        {
            throw new WeightMismatchException(name, file.Path, TensorText.Shape(shape), TensorText.Shape(tensor.Shape));
        }

        return tensor.Dtype.IsWeight()
            ? file
            : throw new WeightMismatchException(
                name,
                file.Path,
                "type BF16, F16 or F32",
                $"type {tensor.Dtype.Name()}"
            );
    }
}
