namespace VibeVoice.Checkpoints;

/// <summary>A folder in the published layout: configuration and weights, memory-mapped.</summary>
/// <remarks>Safe to share between threads until disposed.</remarks>
internal sealed class Checkpoint : IDisposable
{
    private readonly IReadOnlyList<SafetensorsFile> _files;
    private readonly Dictionary<string, SafetensorsFile> _fileOfTensor;

    private Checkpoint(string folder, ModelConfig config, IReadOnlyList<SafetensorsFile> files)
    {
        Folder = folder;
        Config = config;
        _files = files;
        _fileOfTensor = files
            .SelectMany(file => file.Tensors.Keys.Select(name => (name, file)))
            .ToDictionary(pair => pair.name, pair => pair.file);
    }

    public string Folder { get; }

    public ModelConfig Config { get; }

    /// <summary>Opens a folder and checks its configuration and the headers of its weight files.</summary>
    /// <exception cref="ModelFormatException">A file is missing or broken.</exception>
    /// <exception cref="WeightMismatchException">A tensor is missing, too many, or not as the configuration says.</exception>
    public static Checkpoint Open(string folder)
    {
        var config = ModelConfig.Load(folder);
        var checkpoint = new Checkpoint(folder, config, WeightFiles.Open(folder));
        try
        {
            checkpoint.CheckAll();
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => _fileOfTensor.ContainsKey(name);

    /// <summary>A tensor as float32, row-major.</summary>
    /// <exception cref="WeightMismatchException">It is missing, or has another shape or type.</exception>
    public float[] Read(string name, params long[] shape) => Find(name, shape).ReadFloat32(name);

    /// <summary>A tensor as float32, row-major, into memory of its size.</summary>
    /// <exception cref="WeightMismatchException">It is missing, or has another shape or type.</exception>
    public void Read(string name, ReadOnlySpan<long> shape, Span<float> destination) =>
        Find(name, shape).ReadFloat32(name, destination);

    /// <summary>Whether every matrix is stored as bf16, as in the published checkpoints; vectors and scalars may differ.</summary>
    public bool HasBFloat16Matrices =>
        WeightNames
            .Of(Config)
            .Where(weight => weight.Shape.Length > 1)
            .All(weight => InfoOf(weight.Name).Dtype == TensorDtype.BF16);

    /// <summary>One row of a matrix as float32: of a large one that is not held in memory.</summary>
    /// <exception cref="WeightMismatchException">The matrix is missing, or has another shape or type.</exception>
    public void ReadRow(string name, int row, ReadOnlySpan<long> shape, Span<float> destination) =>
        Find(name, shape).ReadFloat32(name, (long)row * shape[1], destination);

    /// <summary>The row of one token in <c>embed_tokens</c>, <c>[D]</c>: of half a gigabyte a few rows are ever read.</summary>
    /// <exception cref="ModelFormatException">The model does not know the token.</exception>
    public void ReadEmbedding(int token, Span<float> row)
    {
        var language = Config.Language;
        if ((uint)token >= (uint)language.VocabularySize)
        {
            throw new ModelFormatException(
                $"The tokenizer made token {token}, but the model has {language.VocabularySize}. "
                    + "Use the tokenizer that the checkpoint names."
            );
        }

        ReadRow(WeightNames.Embeddings, token, [language.VocabularySize, language.HiddenSize], row);
    }

    /// <summary>The one element of a tensor, whatever its rank.</summary>
    /// <exception cref="WeightMismatchException">It is missing, or has more elements or another type.</exception>
    public float ReadScalar(string name) => Find(name, []).ReadFloat32(name)[0];

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    /// <summary>Finds every mistake at once, and names the first and how many there are.</summary>
    private void CheckAll()
    {
        var expected = WeightNames.Of(Config);
        var mistakes = expected
            .Select(weight => Check(weight.Name, weight.Shape))
            .OfType<WeightMismatchException>()
            .ToList();
        var names = expected.Select(weight => weight.Name).ToHashSet();
        foreach (var (name, file) in _fileOfTensor)
        {
            if (!names.Contains(name) && !WeightNames.MayBeIgnored(name))
            {
                var shape = TensorText.Shape(file.Tensors[name].Shape);
                mistakes.Add(new WeightMismatchException(name, file.Path, "nothing of that name", shape));
            }
        }

        switch (mistakes)
        {
            case []:
                return;
            case [var only]:
                throw only;
            default:
                throw mistakes[0].WithOthers([.. mistakes.Skip(1).Select(mistake => mistake.Tensor)]);
        }
    }

    private SafetensorsFile Find(string name, ReadOnlySpan<long> shape) =>
        Check(name, shape) is { } mistake ? throw mistake : _fileOfTensor[name];

    private WeightMismatchException? Check(string name, ReadOnlySpan<long> shape)
    {
        if (!_fileOfTensor.TryGetValue(name, out var file))
        {
            return WeightMismatchException.Missing(name, MissingFrom, TensorText.Shape(shape));
        }

        var tensor = file.Tensors[name];
        var isScalar = shape.IsEmpty && tensor.ElementCount == 1;
        if (!isScalar && !tensor.Shape.AsSpan().SequenceEqual(shape))
        {
            return new WeightMismatchException(
                name,
                file.Path,
                TensorText.Shape(shape),
                TensorText.Shape(tensor.Shape)
            );
        }

        const string weightTypes = "type BF16, F16 or F32";
        return tensor.Dtype.IsWeight()
            ? null
            : new WeightMismatchException(name, file.Path, weightTypes, $"type {tensor.Dtype.Name()}");
    }

    private TensorInfo InfoOf(string name) => _fileOfTensor[name].Tensors[name];

    private string MissingFrom => _files is [var only] ? only.Path : Folder;
}
