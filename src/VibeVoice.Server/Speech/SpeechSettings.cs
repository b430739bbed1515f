using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Speech;

/// <summary>Process-wide settings of speech: which engine, its model, and the defaults and limits of requests.</summary>
internal sealed record SpeechSettings
{
    public const string UsualVoice = "en-Emma_woman";

    /// <summary>The published checkpoint.</summary>
    public const string UsualModel = "microsoft/VibeVoice-Realtime-0.5B";

    [Setting(
        "VIBEVOICE_ENGINE",
        "What speaks: `vibevoice`, the model, or `preview`, espeak-ng, which is never chosen by itself."
    )]
    public SpeechEngine Engine { get; init; }

    [Setting(
        "MODEL_PATH",
        "Checkpoint of the VibeVoice engine: a folder, or a hub id with `@revision` behind it if you like; not read by the preview voice."
    )]
    public string ModelPath { get; init; } = UsualModel;

    [Setting(
        "MODEL_DEVICE",
        "Where the VibeVoice engine computes. `auto` takes whichever can be used and logs why; `cuda` without a GPU stops the start with what is lacking. `speak --device` wins, and is `cpu` where nothing is set.",
        Default = "`cpu`; `cuda` in the CUDA build"
    )]
    public ModelDevice? ModelDevice { get; init; }

    [Setting(
        "MODEL_PRECISION",
        "How exactly the VibeVoice engine computes: the whole, then parts of their own if you like, `text`, `speech`, `sampler`, `decoder`. `int8` and `int4` are for the processor and do not go together with `float16`. `--precision` wins.",
        Default = "`auto`: `int8` on the processor, `float16` on a GPU"
    )]
    public PrecisionChoice ModelPrecision { get; init; } = PrecisionChoice.Auto;

    [Setting(
        "VOICES_PATH",
        "Folder with your own presets, `.pt` as published; beside the published ones where the model comes from the hub. A single one is the default voice.",
        Default = "`voices` in the model's folder"
    )]
    public string? VoicesPath { get; init; }

    [Setting("INFERENCE_STEPS", "Diffusion steps for each frame where a job names none.")]
    [Range(1, 50)]
    public int InferenceSteps { get; init; } = 5;

    [Setting("CFG_SCALE", "Classifier-free guidance where a job names none.")]
    [Range(1.0, 5.0)]
    public double CfgScale { get; init; } = 1.5;

    [Setting("DEFAULT_VOICE", "Voice where a job names none.")]
    public string DefaultVoice { get; init; } = UsualVoice;

    [Setting("MAX_TEXT_CHARACTERS", "Longest text of a job, in Unicode scalars after trimming.")]
    [Range(1, 1_000_000)]
    public int MaxTextCharacters { get; init; } = 20_000;

    [Setting("MAX_PAUSE_SECONDS", "Longest pause that a text may ask for at one place, in seconds.")]
    [Range(0.0, 3600.0)]
    public double MaxPauseSeconds { get; init; } = 60;

    [Setting("REMOVE_MARKDOWN", "Whether the marks of Markdown are taken out where a job does not say.")]
    public bool RemoveMarkdown { get; init; }

    [Setting("REMOVE_EMOJI", "Whether emoji are taken out where a job does not say.")]
    public bool RemoveEmoji { get; init; }

    [Setting(
        "MAX_CHUNK_SECONDS",
        "Longest speech from one chunk of a long text, in seconds; a model that does not end is stopped there."
    )]
    [Range(1.0, 3600.0)]
    public double MaxChunkSeconds { get; init; } = 600;

    [Setting(
        "CHUNK_POSITIONS",
        "Positions of the model that one chunk of a long text may fill: the voice's prompt, tokens and frames.",
        Default = "all that the model has"
    )]
    [Range(64, 1_000_000)]
    public int? ChunkPositions { get; init; }

    [Setting("FRAMES_PER_TOKEN", "Frames of speech that one token is expected to need, when a long text is split.")]
    [Range(0.5, 100.0)]
    public double FramesPerToken { get; init; } = 4;

    [Setting("MAX_REFERENCE_AUDIO_BYTES", "Largest reference audio sent as base64, in bytes once decoded.")]
    [Range(1, 100_000_000)]
    public int MaxReferenceAudioBytes { get; init; } = 10_000_000;

    [Setting("ESPEAK_PATH", "The espeak-ng program of the preview voice, a name on the PATH or a path.")]
    public string EspeakPath { get; init; } = "espeak-ng";
}

internal enum SpeechEngine
{
    VibeVoice,
    Preview,
}
