using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using VibeVoice.Devices;
using VibeVoice.Generation;
using VibeVoice.Generation.Scheduling;
using VibeVoice.Graphs;
using VibeVoice.Native;
using VibeVoice.Text;
using VibeVoice.Text.Chunks;

namespace VibeVoice;

/// <summary>A loaded checkpoint that speaks.</summary>
/// <remarks>
/// Thread-safe: requests made at once are computed together, frame by frame, and each gets what it would get alone; more
/// than <see cref="ModelOptions.Slots"/> of them wait. Dispose it when no more requests will be made; those in progress
/// fail at their next frame, and the last of them frees the memory.
/// </remarks>
[SuppressMessage("ApiDesign", "RS0026:Two overloads with optional parameters", Justification = Overloads)]
[SuppressMessage("ApiDesign", "RS0027:Two overloads with optional parameters", Justification = Overloads)]
public sealed class VibeVoiceModel : IDisposable
{
    private const string Overloads = "A text is a string or a stream of strings: no call fits both.";

    private readonly SpeechEngine _engine;
    private readonly TextTokenizer _tokenizer;
    private int _isDisposed;

    internal VibeVoiceModel(
        SpeechEngine engine,
        TextTokenizer tokenizer,
        DeviceChoice device,
        ModelPrecision precision,
        ModelOptions options
    )
    {
        _engine = engine;
        _tokenizer = tokenizer;
        Device = device;
        Precision = precision;
        Planner = new SpeechPlanner(engine.Config, tokenizer);
        Scheduler = new FrameScheduler(engine, options.Slots, options.MostWaiting);
    }

    /// <summary>Where it computes, and why there.</summary>
    public DeviceChoice Device { get; }

    /// <summary>How exactly it computes, but for parts that have their own.</summary>
    public ModelPrecision Precision { get; }

    /// <summary>How exactly each part computes; none is null.</summary>
    public ModelPartPrecisions Parts =>
        new()
        {
            Text = _engine.Precisions.Text,
            Speech = _engine.Precisions.Speech,
            Sampler = _engine.Precisions.Sampler,
            Decoder = _engine.Precisions.Decoder,
        };

    /// <summary>Says what would be spoken, without speaking.</summary>
    public SpeechPlanner Planner { get; }

    /// <summary>The version of ONNX Runtime, which computes on CUDA and in float16.</summary>
    public static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Samples per second of what it speaks.</summary>
    public int SampleRateHz => _engine.Config.SampleRateHz;

    /// <summary>Samples of one frame.</summary>
    public int SamplesPerFrame => _engine.Config.Acoustic.SamplesPerFrame;

    /// <summary>Diffusion steps of a request that asks for none.</summary>
    public int DefaultDiffusionSteps => _engine.Config.Diffusion.DefaultInferenceSteps;

    /// <summary>Loads a checkpoint folder: configuration, weights and tokenizer.</summary>
    /// <param name="folder">Holds config.json, model.safetensors or its shards, and the tokenizer unless the options name another folder.</param>
    /// <param name="options">How; the defaults when null.</param>
    /// <param name="cancellationToken">Stops between two graphs, or two layers of weights.</param>
    /// <returns>The model, to be disposed. Until then it reads files of the checkpoint where they lie: replace them by rename only.</returns>
    /// <exception cref="ModelFormatException">A file is missing, or is not what it should be.</exception>
    /// <exception cref="WeightMismatchException">A tensor is missing, or has another shape.</exception>
    /// <exception cref="DeviceUnavailableException">The device that was asked for cannot be used.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Fewer than one thread or slot, fewer than none waiting, or no such device or precision.
    /// </exception>
    public static Task<VibeVoiceModel> LoadAsync(
        string folder,
        ModelOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new ModelOptions();
        var threads = options.Threads ?? Environment.ProcessorCount; // which heeds a container's quota
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Slots, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MostWaiting, nameof(options));
        if (options.Precision is { } asked && !Enum.IsDefined(asked))
        {
            throw new ArgumentOutOfRangeException(nameof(options), asked, "Choose a value of ModelPrecision.");
        }

        return Task.Run(
            () =>
            {
                var device = DeviceChoice.Make(options.Device);
                var precision = options.Precision ?? device.DefaultPrecision;
                var tokenizer = TextTokenizer.Load(options.TokenizerFolder ?? folder);
                var precisions = PartPrecisions.Of(precision, options.Parts, device.Device);
                var engine = Open(folder, options, threads, device, precisions, cancellationToken);
                return new VibeVoiceModel(engine, tokenizer, device, precision, options);
            },
            cancellationToken
        );
    }

    /// <summary>Reads a voice preset and checks that it fits this model.</summary>
    /// <param name="path">A preset: a .pt file as published, or our own .safetensors form of it.</param>
    /// <returns>The voice.</returns>
    /// <exception cref="ModelFormatException">The file is broken.</exception>
    /// <exception cref="WeightMismatchException">It was made for another checkpoint.</exception>
    public ModelVoice LoadVoice(string path) => Planner.LoadVoice(path);

    /// <summary>Speaks a text.</summary>
    /// <param name="text">What to say. White space alone gives no frames.</param>
    /// <param name="voice">Loaded by this model.</param>
    /// <param name="options">How; the defaults when null.</param>
    /// <param name="cancellationToken">Stops within one frame.</param>
    /// <returns>
    /// Frames, each handed out before the next is computed, unless the options say otherwise. Nothing is computed until they
    /// are asked for. Reading them throws <see cref="ModelBusyException"/> where too many speeches wait already.
    /// </returns>
    /// <exception cref="ArgumentException">The voice is another model's, or an option makes no sense.</exception>
    /// <exception cref="PauseTooLongException">The text asks for a longer pause than the options allow.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public Speech SpeakAsync(
        string text,
        ModelVoice voice,
        SpeakOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        SpeechText.Prepare(text, options?.Text); // a pause that is too long is told at once, before anything is heard
        return SpeakAsync(OnePieceAsync(text), voice, options, cancellationToken);
    }

    /// <summary>Speaks a text while it is being written: the speech is that of the whole text at once.</summary>
    /// <param name="text">
    /// Pieces of text, cut anywhere. Words are read once no later text can change them, five tokens at a time.
    /// </param>
    /// <param name="voice">Loaded by this model.</param>
    /// <param name="options">How; the defaults when null.</param>
    /// <param name="cancellationToken">Stops within one frame, or while text is awaited.</param>
    /// <returns>
    /// Frames, each handed out before the next is computed, unless the options say otherwise. Nothing is computed until they
    /// are asked for. Reading them throws <see cref="ModelBusyException"/> where too many speeches wait already, and
    /// <see cref="PauseTooLongException"/> where the text comes to a pause that is longer than the options allow.
    /// </returns>
    /// <exception cref="ArgumentException">The voice is another model's, or an option makes no sense.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public Speech SpeakAsync(
        IAsyncEnumerable<string> text,
        ModelVoice voice,
        SpeakOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(voice);
        ThrowIfDisposed();
        var narration = Planner.CreateOptions(voice, options);
        var script = new ScriptReader(narration.CreateScript(Planner.CountTokens), text);
        return new Speech(this, script, new Narration(this, Scheduler, voice.Preset, narration), cancellationToken);
    }

    /// <summary>Ends the use of the model; see the remarks on the type.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Scheduler.Dispose();
            _engine.Dispose();
        }
    }

    /// <summary>Makes all calls of the engine.</summary>
    internal FrameScheduler Scheduler { get; }

    internal ChunkReader ReadChunk(ScriptReader script) => new(script, _tokenizer);

    /// <summary>All tokens of a text that is one chunk.</summary>
    internal int[] Tokenize(string text)
    {
        var tokens = new ChunkTokens(_tokenizer);
        tokens.Add(text);
        tokens.Finish();
        return tokens.Take(int.MaxValue);
    }

    /// <summary>Whether the tokenizer has more than a token per byte.</summary>
    internal bool KnowsWords => _tokenizer.KnowsWords;

    /// <summary>The engine, which the caller disposes when its request has ended.</summary>
    internal SpeechEngine Enter() =>
        _engine.TryEnter() ? _engine : throw new ObjectDisposedException(nameof(VibeVoiceModel));

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    private static SpeechEngine Open(
        string folder,
        ModelOptions options,
        int threads,
        DeviceChoice device,
        PartPrecisions precisions,
        CancellationToken cancellationToken
    ) =>
        device.Device == ModelDevice.Cpu && !precisions.HaveFloat16
            ? NativeEngine.Open(
                folder,
                new NativeOptions(
                    threads,
                    precisions,
                    options.EndOfSpeechBias,
                    options.CompiledFolder,
                    options.OnNotice
                ),
                cancellationToken
            )
            : GraphEngine.Open(
                folder,
                new EngineOptions(
                    threads,
                    options.EndOfSpeechBias,
                    Precisions: precisions,
                    OpenDevice: device.Device == ModelDevice.Cuda ? CudaDevice.Open : null
                ),
                cancellationToken
            );

    private static async IAsyncEnumerable<string> OnePieceAsync(string text)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield return text;
    }
}
