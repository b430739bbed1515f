using System.Text.Json;
using VibeVoice.Checkpoints;
using VibeVoice.Text;

namespace VibeVoice.Development;

/// <summary>
/// Writes a whole checkpoint for any configuration, with computed weights, a byte-level tokenizer and a preset, so that
/// the path from text to sound can be run and measured on a machine that has no published file.
/// </summary>
/// <remarks>
/// The numbers are the same on every machine. Such a checkpoint speaks noise: it is for parity and speed. Thread-safe;
/// nothing to dispose.
/// </remarks>
public static class SyntheticCheckpoint
{
    /// <summary>The name of the preset that is written with it, <c>voices/synthetic.safetensors</c>.</summary>
    public const string VoiceName = "synthetic";

    /// <summary>The bias of the end of speech at which speech ends by itself now and then.</summary>
    public const float DefaultEndOfSpeechBias = SyntheticWeights.DefaultEndBias;

    /// <summary>Writes the folder, which appears when it is whole.</summary>
    /// <param name="configFile">A <c>config.json</c>; a <c>preprocessor_config.json</c> beside it is copied too.</param>
    /// <param name="folder">Made when absent; replaced when it is empty or holds an earlier synthetic checkpoint.</param>
    /// <param name="endOfSpeechBias">Last bias of the end-of-speech classifier: lower ends later, -50 never.</param>
    /// <param name="progress">Told of the share of the weights that is written, from 0 to 1; null for silence.</param>
    /// <param name="cancellationToken">Stops within some megabytes, and leaves nothing behind.</param>
    /// <exception cref="ModelFormatException">The configuration is not one of this model.</exception>
    /// <exception cref="IOException">The folder holds something else, or its disk has not the room or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Write(
        string configFile,
        string folder,
        float endOfSpeechBias = DefaultEndOfSpeechBias,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(configFile);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var configFolder = Path.GetDirectoryName(Path.GetFullPath(configFile))!;
        var preprocessorFile = Path.Combine(configFolder, ModelConfig.PreprocessorFileName);
        var config = ModelConfig.Load(configFile, preprocessorFile);
        var configBytes = File.ReadAllBytes(configFile);
        var preprocessorBytes = File.Exists(preprocessorFile)
            ? File.ReadAllBytes(preprocessorFile)
            : MakePreprocessorConfig(config);
        var weights = WeightsOf(config, endOfSpeechBias);
        var target = new SyntheticFolder(folder);
        target.CheckRoomFor(weights);
        target.Publish(beside =>
        {
            SyntheticTokenizer.Write(Path.Combine(beside, TokenizerData.FileName), config.Language.VocabularySize);
            SafetensorsWriter.Write(
                Path.Combine(beside, WeightFiles.FileName),
                weights,
                SyntheticFolder.Marker,
                progress,
                cancellationToken
            );
            SyntheticPreset.Make(VoiceName, config).Save(Path.Combine(beside, "voices", $"{VoiceName}.safetensors"));
            File.WriteAllBytes(Path.Combine(beside, ModelConfig.PreprocessorFileName), preprocessorBytes);
            File.WriteAllBytes(Path.Combine(beside, ModelConfig.FileName), configBytes);
        });
    }

    /// <summary>The weights of a configuration, ready to be written or summed up.</summary>
    internal static IReadOnlyList<TensorSource> WeightsOf(ModelConfig config, float endBias) =>
        [
            .. WeightNames
                .Of(config)
                .Select(weight => new TensorSource(
                    weight.Name,
                    TensorDtype.BF16,
                    weight.Shape,
                    SyntheticWeights.Of(weight.Name, weight.Shape, endBias)
                )),
        ];

    private static byte[] MakePreprocessorConfig(ModelConfig config)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("processor_class", "VibeVoiceStreamingProcessor");
            json.WriteNumber("speech_tok_compress_ratio", config.Acoustic.SamplesPerFrame);
            json.WriteStartObject("audio_processor");
            json.WriteNumber("sampling_rate", config.SampleRateHz);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
