using VibeVoice.Checkpoints;

namespace VibeVoice;

/// <summary>What an installer asks of a checkpoint folder before its weights are loaded, or even there.</summary>
/// <remarks>Thread-safe: every call reads the files anew, and there is nothing to dispose.</remarks>
public static class ModelFolder
{
    /// <summary>Checks that the configuration is that of a model that this library speaks; reads no weights.</summary>
    /// <param name="folder">Holds config.json, and preprocessor_config.json where the model has one.</param>
    /// <exception cref="ModelFormatException">It is another kind of model, or a value does not make sense.</exception>
    public static void CheckConfiguration(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _ = ModelConfig.Load(folder);
    }

    /// <summary>The repository that holds the tokenizer, which a checkpoint names and does not contain.</summary>
    /// <param name="folder">Holds preprocessor_config.json.</param>
    /// <returns>"Qwen/Qwen2.5-0.5B"; null where the file is missing or names none.</returns>
    /// <exception cref="ModelFormatException">The file cannot be read.</exception>
    public static string? FindTokenizerRepository(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var path = Path.Combine(folder, ModelConfig.PreprocessorFileName);
        return File.Exists(path) ? JsonFile.Load(path).Text("language_model_pretrained_name") : null;
    }

    /// <summary>The files with the weights that the folder's index lists, or the one file where there is no index.</summary>
    /// <param name="folder">Holds model.safetensors, or model.safetensors.index.json.</param>
    /// <returns>Names within the folder; whether the files are there is another question.</returns>
    /// <exception cref="ModelFormatException">The index cannot be read.</exception>
    public static IReadOnlyList<string> ListWeightFiles(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return WeightFiles.List(folder);
    }

    /// <summary>Converts a published preset to the form that <see cref="VibeVoiceModel.LoadVoice"/> reads without a pickle.</summary>
    /// <param name="folder">The checkpoint that will speak with it; its configuration says how large the voice must be.</param>
    /// <param name="source">A preset: a .pt file as published.</param>
    /// <param name="destination">The .safetensors file to write, which appears when it is whole.</param>
    /// <exception cref="ModelFormatException">The preset or the configuration is broken.</exception>
    /// <exception cref="WeightMismatchException">The preset was made for another checkpoint.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void ConvertVoice(string folder, string source, string destination)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        VoicePreset.Load(source, ModelConfig.Load(folder)).Save(destination);
    }
}
