using VibeVoice.Checkpoints;

namespace VibeVoice.Development;

/// <summary>A run of another implementation, written down number by number, to be replayed and compared.</summary>
/// <remarks>
/// A safetensors file. Its metadata key <c>golden</c> holds JSON: <c>text</c>, and where they are known <c>cfg_scale</c>,
/// <c>steps</c>, <c>frames_computed</c>, <c>frames_output</c>, <c>reached_limit</c>, <c>eos_bias_override</c>. Of its
/// tensors only <c>noise [F, C]</c> must be there. Compared are <c>token_ids [T]</c>, <c>lm_hidden [T, D]</c>,
/// <c>text_hidden [T, D]</c>, per frame <c>condition</c>, <c>negative_condition</c>, <c>latent</c>, <c>audio</c>,
/// <c>speech_hidden</c>, <c>negative_hidden</c>, <c>eos_logit</c>, and <c>last_audio [S]</c>; fewer rows than frames are
/// compared as far as they go. Immutable, and safe to share between threads; nothing to dispose.
/// </remarks>
public sealed class RecordedRun
{
    /// <summary>How far a number may lie from the recorded one, as a share of the quantity's peak.</summary>
    public const double Tolerance = 1e-3;

    private const string MetadataKey = "golden";

    private RecordedRun(SafetensorsFile file, JsonFile description)
    {
        Path = file.Path;
        Text = description.Text("text") ?? throw description.Wrong("text", "missing", "the text that was spoken");
        Guidance = description.Has("cfg_scale") ? (float)description.Number("cfg_scale") : null;
        DiffusionSteps = description.TryCount("steps");
        EndOfSpeechBias = description.Has("eos_bias_override") ? (float)description.Number("eos_bias_override") : null;
        ReachedLimit = description.Flag("reached_limit");
        FramesSpoken = description.TryCount("frames_output");
        Noise = ReadNumbers(file, "noise") ?? throw WeightMismatchException.Missing("noise", Path, "noise per frame");
        var rows = Noise.Shape is [var frames, _] ? (int)frames : throw Noise.Unexpected("shape [frames, latent size]");
        FramesComputed = description.TryCount("frames_computed") ?? rows;
        if (Math.Min(rows, FramesComputed) == 0)
        {
            throw Noise.Unexpected("at least one frame"); // no frames would be equal to anything
        }

        TokenIds = file.Tensors.ContainsKey("token_ids") ? ReadTokens(file) : null;
        Quantities = [.. QuantityNames.All.Select(name => ReadNumbers(file, name)).OfType<RecordedNumbers>()];
        string[] known = [.. QuantityNames.All, "noise", "token_ids"];
        NotCompared = [.. file.Tensors.Keys.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What was spoken.</summary>
    public string Text { get; }

    /// <summary>Classifier-free guidance; null where the file does not say.</summary>
    public float? Guidance { get; }

    /// <summary>Diffusion steps per frame; null where the file does not say.</summary>
    public int? DiffusionSteps { get; }

    /// <summary>The end-of-speech bias that took the place of the checkpoint's; null for the checkpoint's own.</summary>
    public float? EndOfSpeechBias { get; }

    /// <summary>Frames that were computed.</summary>
    public int FramesComputed { get; }

    /// <summary>Frames that were put out; null where the file does not say.</summary>
    public int? FramesSpoken { get; }

    /// <summary>Names of tensors in the file that mean nothing to a replay.</summary>
    public IReadOnlyList<string> NotCompared { get; }

    internal bool? ReachedLimit { get; }

    internal RecordedNumbers Noise { get; }

    internal int[]? TokenIds { get; }

    internal IReadOnlyList<RecordedNumbers> Quantities { get; }

    /// <summary>Reads a recorded run.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The run, whole in memory.</returns>
    /// <exception cref="ModelFormatException">It is no safetensors file, or does not describe a run.</exception>
    /// <exception cref="WeightMismatchException">It has no noise, or a tensor of a type that holds no such numbers.</exception>
    public static RecordedRun Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = SafetensorsFile.Open(path);
        return file.Metadata.TryGetValue(MetadataKey, out var description)
            ? new RecordedRun(file, JsonFile.Parse(description, $"{path}: {MetadataKey}"))
            : throw new ModelFormatException(
                $"'{path}' is no recorded run: its metadata has no '{MetadataKey}', which tells text and steps."
            );
    }

    /// <summary>Speaks the text with the recorded noise, fed by nothing else, and compares.</summary>
    /// <param name="model">Loaded with <see cref="EndOfSpeechBias"/>, if there is one.</param>
    /// <param name="voice">Loaded by that model.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <returns>What was computed, and how far it is from what was recorded.</returns>
    /// <exception cref="ArgumentException">The voice is another model's.</exception>
    /// <exception cref="ModelFormatException">The run asks for steps or tokens that the model has not.</exception>
    /// <exception cref="WeightMismatchException">The run was recorded with a checkpoint of other sizes.</exception>
    public Task<ReplayReport> ReplayAsync(
        VibeVoiceModel model,
        ModelVoice voice,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(voice);
        return new RunReplay(this, model, voice).RunAsync(cancellationToken);
    }

    private static int[] ReadTokens(SafetensorsFile file) =>
        [.. file.ReadInt64("token_ids").Select(id => (int)Math.Clamp(id, -1, int.MaxValue))]; // the model has neither

    private static RecordedNumbers? ReadNumbers(SafetensorsFile file, string name) =>
        file.Tensors.TryGetValue(name, out var tensor)
            ? new RecordedNumbers(name, file.Path, tensor.Shape, file.ReadFloat32(name))
            : null;
}
