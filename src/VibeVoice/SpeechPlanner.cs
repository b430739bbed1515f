using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Text;

namespace VibeVoice;

/// <summary>Says what a checkpoint would speak, without its weights: loaded in a moment, in little memory.</summary>
/// <remarks>Thread-safe; nothing to dispose.</remarks>
public sealed class SpeechPlanner
{
    private readonly ModelConfig _config;
    private readonly TextTokenizer _tokenizer;

    internal SpeechPlanner(ModelConfig config, TextTokenizer tokenizer)
    {
        _config = config;
        _tokenizer = tokenizer;
    }

    /// <summary>Reads configuration and tokenizer of a checkpoint folder.</summary>
    /// <param name="folder">As for <see cref="VibeVoiceModel.LoadAsync"/>.</param>
    /// <param name="tokenizerFolder">As <see cref="ModelOptions.TokenizerFolder"/>; null for the same folder.</param>
    /// <returns>The planner.</returns>
    /// <exception cref="ModelFormatException">A file is missing, or is not what it should be.</exception>
    public static SpeechPlanner Load(string folder, string? tokenizerFolder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new SpeechPlanner(ModelConfig.Load(folder), TextTokenizer.Load(tokenizerFolder ?? folder));
    }

    /// <summary>Reads a voice preset, whose prompt takes a share of the model's context.</summary>
    /// <param name="path">A preset: a .pt file as published, or the .safetensors form of it.</param>
    /// <returns>The voice.</returns>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="WeightMismatchException">It was made for another checkpoint.</exception>
    public ModelVoice LoadVoice(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ModelVoice(VoicePreset.Load(path, _config), _config);
    }

    /// <summary>Plans a text: the chunks that speaking makes, to the letter.</summary>
    /// <param name="text">What would be said.</param>
    /// <param name="voice">Loaded by this planner, or by the model whose planner it is.</param>
    /// <param name="options">How; the defaults when null.</param>
    /// <returns>Chunks and silence. Only limits that the model meets on its way are not foreseen.</returns>
    /// <exception cref="ArgumentException">The voice is another model's, or an option makes no sense.</exception>
    /// <exception cref="PauseTooLongException">The text asks for a longer pause than the options allow.</exception>
    public SpeechPlan Plan(string text, ModelVoice voice, SpeakOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(voice);
        var narration = CreateOptions(voice, options);
        var script = narration.CreateScript(CountTokens);
        var plan = new PlanWriter(_tokenizer, narration, _config);
        foreach (var part in script.Append(text).Concat(script.Finish()))
        {
            plan.Add(part);
        }

        return plan.ToPlan();
    }

    internal NarrationOptions CreateOptions(ModelVoice voice, SpeakOptions? options) =>
        ReferenceEquals(voice.Config, _config)
            ? NarrationOptions.Create(options ?? new SpeakOptions(), voice.Preset, _config)
            : throw new ArgumentException(
                $"The voice '{voice.Name}' was loaded by another model. Load it with this one.",
                nameof(voice)
            );

    internal int CountTokens(string text) => _tokenizer.Encode(text).Count;
}
