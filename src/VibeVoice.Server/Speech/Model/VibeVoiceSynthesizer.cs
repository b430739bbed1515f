using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using VibeVoice.Server.Models;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech.Model;

/// <summary>The model: a VibeVoice checkpoint, on the CPU, in float32.</summary>
/// <remarks>Requests at once take turns frame by frame.</remarks>
internal sealed class VibeVoiceSynthesizer : ISynthesizer, IDisposable
{
    private readonly SpeechSettings _settings;
    private readonly EngineFiles _files;
    private readonly ConcurrentDictionary<string, Lazy<ModelVoice>> _voices = new(StringComparer.Ordinal);
    private LocatedModel? _located;
    private VibeVoiceModel? _model;

    /// <exception cref="SettingsException">The device is not to be had.</exception>
    public VibeVoiceSynthesizer(SpeechSettings settings, EngineFiles files)
    {
        _settings = settings;
        _files = files;
        if (settings.ModelDevice == ModelDevice.Cuda)
        {
            throw new SettingsException(
                "MODEL_DEVICE is 'cuda', but this build computes on the CPU; set MODEL_DEVICE to 'cpu' or 'auto'."
            );
        }
    }

    public string Engine => "vibevoice";

    public string Model => _located?.Name ?? _settings.ModelPath;

    public int SampleRateHz => Loaded.SampleRateHz;

    public VoiceCatalog Voices => _files.Voices.Catalog;

    public bool IsDiffusionModel => true;

    private VibeVoiceModel Loaded =>
        _model ?? throw new InvalidOperationException("The model is used before it was loaded.");

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        _located = await _files.EnsureAsync(InstallCare.Trust, cancellationToken);
        try
        {
            _model = await VibeVoiceModel.LoadAsync(
                _located.Folder,
                new ModelOptions { TokenizerFolder = _located.TokenizerFolder },
                cancellationToken
            );
            await WarmUpAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
        {
            throw new SpeechFailedException($"The model cannot be loaded. {exception.Message}", exception);
        }
    }

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var tokens = Loaded.CountTokens(request.Text);
        var options = new SpeakOptions
        {
            Seed = (ulong)request.Seed,
            Guidance = (float)request.CfgScale,
            DiffusionSteps = request.InferenceSteps,
        };
        var speech = Loaded.SpeakAsync(request.Text, VoiceOf(request.Voice), options, cancellationToken);
        await foreach (var frame in speech.WithCancellation(cancellationToken))
        {
            yield return new SpokenFrame(frame, tokens == 0 ? 1 : (double)speech.Report.TokensRead / tokens);
        }

        var last = new AudioFrame(ReadOnlyMemory<float>.Empty, SampleRateHz);
        yield return new SpokenFrame(last, 1) { Warning = Incomplete(speech.Report) };
    }

    public void Dispose() => _model?.Dispose();

    /// <summary>Nothing is dropped in silence: speech may end before its text does.</summary>
    private static string? Incomplete(SpeakReport report) =>
        report switch
        {
            { EndedBeforeText: false } => null,
            { EndReason: SpeechEndReason.PositionLimit } =>
                "The text was not spoken to its end: the model's position limit came first; send the text in parts.",
            _ =>
                "The text was not spoken to its end: the model ended its speech before; try another seed, or shorter text.",
        };

    /// <summary>A voice is read once and shared; one that cannot be read is the installation's fault, not the caller's.</summary>
    private ModelVoice VoiceOf(VoiceInfo info)
    {
        try
        {
            return _voices
                .GetOrAdd(info.Name, _ => new Lazy<ModelVoice>(() => Loaded.LoadVoice(_files.Voices.PathOf(info))))
                .Value;
        }
        catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
        {
            throw new SpeechFailedException(
                $"The voice '{info.Name}' cannot be loaded. {exception.Message}",
                exception
            );
        }
    }

    /// <summary>One frame, so that the first request does not pay for what is made on first use.</summary>
    private async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        // A voice of the catalogue may have been left out by the installation.
        var voice = Voices.Voices.FirstOrDefault(_files.Voices.IsInstalled, Voices.Voices[0]);
        var speech = Loaded.SpeakAsync("Hello.", VoiceOf(voice), new SpeakOptions(), cancellationToken);
        await foreach (var _ in speech.WithCancellation(cancellationToken))
        {
            break;
        }
    }
}
