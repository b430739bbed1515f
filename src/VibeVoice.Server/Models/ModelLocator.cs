using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Models;

/// <summary>
/// What MODEL_PATH means: a folder, else a hub id, which is looked for in RunPod's cache, in ours, and then fetched.
/// </summary>
internal sealed class ModelLocator
{
    /// <summary>The tokenizer of checkpoints that do not say which they use.</summary>
    private const string UsualTokenizer = "Qwen/Qwen2.5-0.5B";

    private readonly string _path;
    private readonly HubStore _hub;
    private readonly HubId? _id;

    /// <exception cref="SettingsException">MODEL_PATH is neither a folder with a checkpoint nor a hub id.</exception>
    public ModelLocator(SpeechSettings settings, HubStore hub)
    {
        _path = settings.ModelPath;
        _hub = hub;
        if (Directory.Exists(_path) && File.Exists(Path.Combine(_path, "config.json")))
        {
            return;
        }

        _id =
            !Directory.Exists(_path) && HubId.TryParse(_path, out var id)
                ? id
                : throw new SettingsException(
                    $"MODEL_PATH is '{_path}', which is no folder with a checkpoint (config.json and weights) and no model of the "
                        + "hub ('organization/name', '@revision' behind it if you like). Set MODEL_PATH or --model to one of "
                        + "them, or choose the preview voice (espeak-ng) with '--engine preview' or VIBEVOICE_ENGINE=preview."
                );
    }

    /// <summary>MODEL_PATH as it was given.</summary>
    public string ModelPath => _path;

    /// <summary>The checkpoint's folder where MODEL_PATH is one; null where it is a hub id.</summary>
    public string? GivenFolder => _id is null ? _path : null;

    /// <summary>Finds or fetches the checkpoint and its tokenizer.</summary>
    /// <param name="files">What is needed of the checkpoint.</param>
    /// <param name="care">Whether what is found is trusted.</param>
    /// <exception cref="SpeechFailedException">A part of it is not here and cannot be fetched, or is of no use.</exception>
    public async Task<LocatedModel> EnsureAsync(HubFileSet files, InstallCare care, CancellationToken cancellationToken)
    {
        var folder = _id is null ? _path : await _hub.EnsureAsync(_id, files, care, cancellationToken);
        try
        {
            ModelFolder.CheckConfiguration(folder);
            var tokenizer =
                HubFileSet.Tokenizer.FindMissing(folder).Count == 0
                    ? folder
                    : await _hub.EnsureAsync(TokenizerOf(folder), HubFileSet.Tokenizer, care, cancellationToken);
            return new LocatedModel(NameOf(folder), folder, tokenizer);
        }
        catch (ModelFormatException exception)
        {
            throw Unusable(exception);
        }
    }

    /// <summary>Finds the checkpoint and its tokenizer here, and asks nobody.</summary>
    /// <exception cref="SpeechFailedException">What is here is of no use.</exception>
    public FoundModel Find()
    {
        var folder = _id is null ? _path : _hub.Find(_id, HubFileSet.Checkpoint);
        if (folder is null)
        {
            return new FoundModel(null, _id, HubFileSet.Checkpoint);
        }

        try
        {
            ModelFolder.CheckConfiguration(folder);
            if (HubFileSet.Checkpoint.FindMissing(folder) is { Count: > 0 } missing)
            {
                throw new SpeechFailedException(
                    $"The checkpoint '{folder}' is not whole: {string.Join(", ", missing)} missing. Copy it again, or set MODEL_PATH "
                        + "to one that is."
                );
            }

            if (HubFileSet.Tokenizer.FindMissing(folder).Count == 0)
            {
                return new FoundModel(new LocatedModel(NameOf(folder), folder, folder));
            }

            var id = TokenizerOf(folder);
            return _hub.Find(id, HubFileSet.Tokenizer) is { } tokenizer
                ? new FoundModel(new LocatedModel(NameOf(folder), folder, tokenizer))
                : new FoundModel(null, id, HubFileSet.Tokenizer);
        }
        catch (ModelFormatException exception)
        {
            throw Unusable(exception);
        }
    }

    private static SpeechFailedException Unusable(ModelFormatException exception) =>
        new($"The model cannot be used. {exception.Message}", exception);

    private static HubId TokenizerOf(string folder)
    {
        var name = ModelFolder.FindTokenizerRepository(folder) ?? UsualTokenizer;
        return HubId.TryParse(name, out var id)
            ? id
            : throw new ModelFormatException(
                $"'language_model_pretrained_name' in '{Path.Combine(folder, "preprocessor_config.json")}' is '{Quote.Short(name)}', "
                    + "but a hub id such as 'Qwen/Qwen2.5-0.5B' is expected. Put the tokenizer's files into the model's folder."
            );
    }

    // A snapshot's folder is named after its commit.
    private string NameOf(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return _id is null ? name : $"{_id.Repository}@{name[..Math.Min(7, name.Length)]}";
    }
}
