namespace VibeVoice.Checkpoints;

/// <summary>All sizes of a checkpoint, from its <c>config.json</c> and <c>preprocessor_config.json</c>.</summary>
/// <remarks>The layout is that of microsoft/VibeVoice-Realtime-0.5B; nothing is assumed about the values.</remarks>
internal sealed record ModelConfig(
    LanguageConfig Language,
    DiffusionConfig Diffusion,
    AcousticConfig Acoustic,
    int SampleRateHz
)
{
    public const string FileName = "config.json";
    public const string PreprocessorFileName = "preprocessor_config.json";
    private const string SupportedModelType = "vibevoice_streaming";

    /// <summary>Reads the two files of a checkpoint folder.</summary>
    /// <exception cref="ModelFormatException">A file is missing, or a value does not make sense.</exception>
    public static ModelConfig Load(string folder) =>
        Load(Path.Combine(folder, FileName), Path.Combine(folder, PreprocessorFileName));

    /// <summary>Reads the two files, wherever they lie.</summary>
    public static ModelConfig Load(string configFile, string? preprocessorFile)
    {
        var config = JsonFile.Load(configFile);
        var modelType = config.Text("model_type");
        if (modelType != SupportedModelType)
        {
            throw new ModelFormatException(
                $"'model_type' in '{configFile}' is {(modelType is null ? "missing" : $"'{modelType}'")}, but only "
                    + $"'{SupportedModelType}' is supported: a VibeVoice-Realtime checkpoint, such as "
                    + "microsoft/VibeVoice-Realtime-0.5B."
            );
        }

        var language = LanguageConfig.Read(config);
        var diffusion = DiffusionConfig.Read(config.Object("diffusion_head_config"), language);
        var acoustic = AcousticConfig.Read(config.Object("acoustic_tokenizer_config"), diffusion);
        return new ModelConfig(language, diffusion, acoustic, ReadSampleRate(preprocessorFile));
    }

    // Older copies of the repository have the rate at the top level; without any file it is the published one.
    private static int ReadSampleRate(string? path)
    {
        const int publishedRateHz = 24_000;
        const int maximumRateHz = 384_000;
        if (path is null || !File.Exists(path))
        {
            return publishedRateHz;
        }

        var file = JsonFile.Load(path);
        var section = file.TryObject("audio_processor") ?? file;
        return section.Count("sampling_rate", publishedRateHz, maximumRateHz);
    }
}
