namespace VibeVoice.Checkpoints.Torch;

/// <summary>Finds the tensors of a preset in what its pickle builds, and checks their shapes before reading them.</summary>
internal sealed class TorchPreset
{
    public const string Extension = ".pt";

    private readonly string _path;
    private readonly TorchArchive _archive;
    private readonly PickleObject _root;
    private readonly LanguageConfig _language;

    private TorchPreset(string path, TorchArchive archive, LanguageConfig language)
    {
        _path = path;
        _archive = archive;
        _language = language;
        _root = Expect<PickleObject>(PickleReader.Read(path, archive.Pickle), "the preset");
    }

    public static VoicePreset Load(string path, ModelConfig config)
    {
        using var archive = TorchArchive.Open(path);
        var preset = new TorchPreset(path, archive, config.Language);
        return new VoicePreset(
            Path.GetFileNameWithoutExtension(path),
            preset.ReadCache("lm", config.Language.TextLayers),
            preset.ReadCache("tts_lm", config.Language.SpeechLayers),
            preset.ReadCache("neg_lm", config.Language.TextLayers),
            preset.ReadCache("neg_tts_lm", config.Language.SpeechLayers)
        );
    }

    private PresetCache ReadCache(string name, int layers)
    {
        var output = Item<PickleObject>(_root, "", name);
        var hidden = Item<TorchTensor>(output, name, "last_hidden_state");
        var cache = Item<PickleObject>(output, name, "past_key_values");
        var length = hidden.Shape is [1, var rows and >= 1, _] && rows <= _language.MaxPositions ? (int)rows : 1;
        var lastHiddenState = Read(hidden, $"{name}.last_hidden_state", [1, length, _language.HiddenSize]);
        return new PresetCache(
            length,
            _language.KeyValueHeads,
            ReadLayers(cache, name, "key_cache", layers, length),
            ReadLayers(cache, name, "value_cache", layers, length),
            lastHiddenState
        );
    }

    private ReadOnlyMemory<float>[] ReadLayers(PickleObject cache, string name, string key, int layers, int length)
    {
        var tensors = Item<PickleList>(cache, name, key).Items;
        if (tensors.Count != layers)
        {
            throw new WeightMismatchException($"{name}.{key}", _path, $"{layers} layers", $"{tensors.Count} layers");
        }

        var shape = new long[] { 1, _language.KeyValueHeads, length, _language.HeadSize };
        return
        [
            .. tensors.Select(
                (tensor, layer) =>
                    (ReadOnlyMemory<float>)
                        Read(Expect<TorchTensor>(tensor, $"{name}.{key}.{layer}"), $"{name}.{key}.{layer}", shape)
            ),
        ];
    }

    private float[] Read(TorchTensor tensor, string name, long[] shape) =>
        tensor.Shape.AsSpan().SequenceEqual(shape)
            ? _archive.Read(tensor)
            : throw new WeightMismatchException(name, _path, TensorText.Shape(shape), TensorText.Shape(tensor.Shape));

    private T Item<T>(PickleObject parent, string prefix, string key) =>
        Expect<T>(parent.Items.GetValueOrDefault(key), prefix.Length == 0 ? key : $"{prefix}.{key}");

    private T Expect<T>(object? value, string name) =>
        value is T expected
            ? expected
            : throw new ModelFormatException(
                $"In voice preset '{_path}', '{name}' is {value?.GetType().Name ?? "missing"}, "
                    + $"but {typeof(T).Name} is expected. Use a preset from the repository of VibeVoice."
            );
}
