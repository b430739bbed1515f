using System.Text.Json;
using VibeVoice.Text;

namespace VibeVoice.Checkpoints;

/// <summary>
/// Writes a whole checkpoint for any configuration, with computed weights, a byte-level tokenizer and a preset, so that
/// the path from text to sound can be run and measured on a machine that has no published file.
/// </summary>
internal static class SyntheticCheckpoint
{
    public const string VoiceName = "synthetic";

    /// <summary>Writes the folder; each file appears when it is whole, <c>config.json</c> last.</summary>
    /// <param name="configFile">A <c>config.json</c>; a <c>preprocessor_config.json</c> beside it is copied too.</param>
    /// <param name="outFolder">Made when absent; files of the same names are replaced.</param>
    /// <param name="endBias">Bias of the end of speech: lower ends later, -50 never.</param>
    /// <exception cref="ModelFormatException">The configuration is not one of this model.</exception>
    public static void Write(string configFile, string outFolder, float endBias = SyntheticWeights.DefaultEndBias)
    {
        var configFolder = Path.GetDirectoryName(Path.GetFullPath(configFile))!;
        var preprocessorFile = Path.Combine(configFolder, ModelConfig.PreprocessorFileName);
        var config = ModelConfig.Load(configFile, preprocessorFile);
        var configBytes = File.ReadAllBytes(configFile);
        var preprocessorBytes = File.Exists(preprocessorFile)
            ? File.ReadAllBytes(preprocessorFile)
            : MakePreprocessorConfig(config);

        SyntheticTokenizer.Write(Path.Combine(outFolder, TokenizerData.FileName), config.Language.VocabularySize);
        SafetensorsWriter.Write(Path.Combine(outFolder, WeightFiles.FileName), WeightsOf(config, endBias));
        SyntheticPreset.Make(VoiceName, config).Save(Path.Combine(outFolder, "voices", $"{VoiceName}.safetensors"));
        WriteBytes(Path.Combine(outFolder, ModelConfig.PreprocessorFileName), preprocessorBytes);
        WriteBytes(Path.Combine(outFolder, ModelConfig.FileName), configBytes);
    }

    /// <summary>The weights of a configuration, ready to be written or summed up.</summary>
    public static IReadOnlyList<TensorSource> WeightsOf(ModelConfig config, float endBias) =>
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

    private static void WriteBytes(string path, byte[] bytes) => AtomicFile.Write(path, stream => stream.Write(bytes));

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
