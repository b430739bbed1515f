using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using VibeVoice.Server.Models;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Speech.Model;

/// <summary>The model: a VibeVoice checkpoint.</summary>
/// <remarks>Requests at once are computed together, frame by frame.</remarks>
internal sealed partial class VibeVoiceSynthesizer : ISynthesizer, IDisposable
{
    private readonly SpeechSettings _settings;
    private readonly EngineFiles _files;
    private readonly int _slots;
    private readonly ILogger<VibeVoiceSynthesizer> _logger;
    private readonly ModelDevice _device;
    private readonly ConcurrentDictionary<string, Lazy<ModelVoice>> _voices = new(StringComparer.Ordinal);
    private LocatedModel? _located;
    private VibeVoiceModel? _model;

    /// <param name="settings">Which model, and how it speaks.</param>
    /// <param name="files">Where it is.</param>
    /// <param name="slots">Requests that are spoken at once; more wait.</param>
    /// <param name="logger">Told what takes long while the model is loaded.</param>
    /// <exception cref="SettingsException">The device is not to be had, or cannot compute as exactly as is wanted.</exception>
    public VibeVoiceSynthesizer(
        SpeechSettings settings,
        EngineFiles files,
        int slots,
        ILogger<VibeVoiceSynthesizer> logger
    )
    {
        _slots = slots;
        _settings = settings;
        _files = files;
        _logger = logger;
        _device = DeviceOf(settings);
        // Before anything large is loaded.
        var choice = ChooseDevice(settings);
        if (choice.FindProblem(settings.ModelPrecision.Whole, settings.ModelPrecision.Parts) is { } problem)
        {
            throw new SettingsException($"MODEL_PRECISION is '{settings.ModelPrecision}'. {problem}");
        }
    }

    public string Engine => "vibevoice";

    public string Model => _located?.Name ?? _settings.ModelPath;

    public int SampleRateHz => Loaded.SampleRateHz;

    public VoiceCatalog Voices => _files.Voices.Catalog;

    public bool IsDiffusionModel => true;

    public bool IsLoaded => _model is not null;

    public Computing? Computing => Computing.Of(Loaded);

    private VibeVoiceModel Loaded =>
        _model ?? throw new InvalidOperationException("The model is used before it was loaded.");

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        _located = await _files.EnsureAsync(InstallCare.Trust, cancellationToken);
        try
        {
            _model = await VibeVoiceModel.LoadAsync(
                _located.Folder,
                new ModelOptions
                {
                    Device = _device,
                    TokenizerFolder = _located.TokenizerFolder,
                    CompiledFolder = _files.CompiledFolder,
                    OnNotice = notice => Log.Notice(_logger, notice),
                    Slots = _slots,
                    Precision = _settings.ModelPrecision.Whole,
                    Parts = _settings.ModelPrecision.Parts,
                },
                cancellationToken
            );
            await WarmUpAsync(cancellationToken);
        }
        catch (Exception exception)
            when (exception
                    is ModelFormatException
                        or WeightMismatchException
                        or DeviceUnavailableException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            throw new SpeechFailedException($"The model cannot be loaded. {exception.Message}", exception);
        }
    }

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var voice = VoiceOf(request.Voice);
        var options = CreateOptions(request);
        var tokens = Fitting(() => Loaded.Planner.Plan(request.Text, voice, options)).Tokens;
        var speech = Loaded.SpeakAsync(request.Text, voice, options, cancellationToken);
        SpeechPosition? position = null;
        await using var frames = speech.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(frames))
        {
            var report = speech.Report;
            var begins =
                report.Position == position ? null : new SpeechMark(report.Position!, [.. ChunkWarnings.Of(report)]);
            position = report.Position;
            // What is read twice counts twice, so the quotient may pass 1.
            yield return new SpokenFrame(frames.Current, Math.Min(1, (double)report.TokensRead / tokens))
            {
                TextTokens = tokens,
                Mark = begins,
            };
        }

        foreach (var last in EndOf(speech, tokens))
        {
            yield return last;
        }
    }

    public async IAsyncEnumerable<SpokenFrame> SpeakAsync(
        SpeechRequest request,
        IAsyncEnumerable<string> text,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var voice = VoiceOf(request.Voice);
        var options = CreateOptions(request);
        var whole = new StringBuilder();
        var speech = Fitting(() => Loaded.SpeakAsync(KeepAsync(text, whole), voice, options, cancellationToken));
        await using var frames = speech.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(frames))
        {
            yield return new SpokenFrame(frames.Current, 0);
        }

        foreach (var last in EndOf(speech, Fitting(() => Loaded.Planner.Plan(whole.ToString(), voice, options)).Tokens))
        {
            yield return last;
        }
    }

    public void Dispose() => _model?.Dispose();

    /// <summary>Where it would compute. Looks only; what cannot be had is told, and never replaced.</summary>
    /// <exception cref="SettingsException">The device is not to be had.</exception>
    public static DeviceChoice ChooseDevice(SpeechSettings settings)
    {
        try
        {
            return DeviceChoice.Make(DeviceOf(settings));
        }
        catch (DeviceUnavailableException exception)
        {
            var found = settings.ModelDevice is null ? "not set, and this build is for CUDA" : "'cuda'";
            throw new SettingsException(
                $"MODEL_DEVICE is {found}. {exception.Message} To choose: set MODEL_DEVICE (for 'vibevoice speak', --device) to "
                    + "'cpu', or to 'auto' for whichever can be used."
            );
        }
    }

    private static ModelDevice DeviceOf(SpeechSettings settings) =>
        settings.ModelDevice ?? (DeviceChoice.IsCudaBuild ? ModelDevice.Cuda : ModelDevice.Cpu);

    /// <summary>What there is to say after the last sample.</summary>
    private IEnumerable<SpokenFrame> EndOf(VibeVoice.Speech speech, int tokens)
    {
        var end = new SpokenFrame(new AudioFrame(ReadOnlyMemory<float>.Empty, SampleRateHz), 1) { TextTokens = tokens };
        return ChunkWarnings.Of(speech.Report).Select(warning => end with { Warning = warning }).Prepend(end);
    }

    /// <summary>Text that is still being written can be counted only when it has come.</summary>
    private static async IAsyncEnumerable<string> KeepAsync(IAsyncEnumerable<string> text, StringBuilder whole)
    {
        await foreach (var piece in text)
        {
            whole.Append(piece);
            yield return piece;
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<AudioFrame> frames)
    {
        try
        {
            return await frames.MoveNextAsync();
        }
        catch (ModelBusyException exception)
        {
            throw new SpeechFailedException(
                $"The engine speaks {exception.Slots} texts at once (WORKER_CONCURRENCY), and {exception.Waiting} more wait, "
                    + "which is the most that may. Try again later.",
                exception
            );
        }
    }

    private SpeakOptions CreateOptions(SpeechRequest request) =>
        new()
        {
            Seed = (ulong)request.Seed,
            Guidance = (float)request.CfgScale,
            DiffusionSteps = request.InferenceSteps,
            FramesPerHandOver = request.IsHeardWhole ? SpeakOptions.MostFramesPerHandOver : 1,
            From = request.From,
            Text = request.Preparation,
            LongText = new LongTextOptions
            {
                PositionBudget = _settings.ChunkPositions,
                FramesPerToken = _settings.FramesPerToken,
                MaxChunkDuration = TimeSpan.FromSeconds(_settings.MaxChunkSeconds),
            },
        };

    /// <summary>Whether the settings fit a voice shows only when both are there; the request itself is valid.</summary>
    private static T Fitting<T>(Func<T> plan)
    {
        try
        {
            return plan();
        }
        catch (ArgumentException exception)
        {
            throw new SpeechFailedException(
                $"CHUNK_POSITIONS, MAX_CHUNK_SECONDS or FRAMES_PER_TOKEN does not fit the model. {exception.Message}",
                exception
            );
        }
    }

    private static T Reading<T>(Func<T> read, string what)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is ModelFormatException or WeightMismatchException)
        {
            throw new SpeechFailedException($"{what} cannot be loaded. {exception.Message}", exception);
        }
    }

    /// <summary>A voice is read once and shared; one that cannot be read is the installation's fault, not the caller's.</summary>
    private ModelVoice VoiceOf(VoiceInfo info) =>
        Reading(
            () =>
                _voices
                    .GetOrAdd(info.Name, _ => new Lazy<ModelVoice>(() => Loaded.LoadVoice(_files.Voices.PathOf(info))))
                    .Value,
            $"The voice '{info.Name}'"
        );

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

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Notice}")]
        public static partial void Notice(ILogger logger, string notice);
    }
}
