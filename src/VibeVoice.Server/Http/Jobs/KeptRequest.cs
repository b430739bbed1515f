using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>What a job asks for, with every default filled in, so that any worker speaks the same.</summary>
internal sealed record KeptRequest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>See <see cref="JobId.HashOwner"/>.</summary>
    public required string Owner { get; init; }

    /// <summary>SHA-256 of the body, which tells whether the same is asked for again.</summary>
    public required string BodySha256 { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The words; null once the job is over.</summary>
    public string? Text { get; init; }

    public required int Characters { get; init; }

    public required string Voice { get; init; }

    public required string Format { get; init; }

    public required double Speed { get; init; }

    public required long Seed { get; init; }

    public required double CfgScale { get; init; }

    public required int Steps { get; init; }

    public required bool RemoveMarkdown { get; init; }

    public required bool RemoveEmoji { get; init; }

    public required double LongestPauseSeconds { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Fields that were given and change nothing.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    public static KeptRequest Of(
        SpeechRequest request,
        string owner,
        string bodySha256,
        DateTimeOffset now,
        IReadOnlyList<string> ignored
    ) =>
        new()
        {
            Owner = owner,
            BodySha256 = bodySha256,
            CreatedAt = now,
            Text = request.Text,
            Characters = request.Characters,
            Voice = request.Voice.Name,
            Format = request.Format.Name,
            Speed = request.Speed,
            Seed = request.Seed,
            CfgScale = request.CfgScale,
            Steps = request.InferenceSteps,
            RemoveMarkdown = request.Preparation.RemoveMarkdown,
            RemoveEmoji = request.Preparation.RemoveEmoji,
            LongestPauseSeconds = request.Preparation.LongestPause.TotalSeconds,
            Warnings = request.Warnings,
            Ignored = ignored,
        };

    /// <exception cref="SpeechFailedException">This worker has no such voice.</exception>
    public SpeechRequest ToSpeech(ISynthesizer synthesizer)
    {
        if (synthesizer.Voices.Find(Voice, out var voice) is { } complaint)
        {
            throw new SpeechFailedException($"The voice of the job is '{Voice}', which {complaint}.");
        }

        return new SpeechRequest
        {
            Text = Text!,
            Characters = Characters,
            Voice = voice!,
            Format = KnownFormat,
            Speed = Speed,
            Seed = Seed,
            CfgScale = CfgScale,
            InferenceSteps = Steps,
            Preparation = new TextOptions
            {
                RemoveMarkdown = RemoveMarkdown,
                RemoveEmoji = RemoveEmoji,
                LongestPause = TimeSpan.FromSeconds(LongestPauseSeconds),
            },
            IsHeardWhole = true,
            Warnings = Warnings,
        };
    }

    [System.Text.Json.Serialization.JsonIgnore]
    public AudioFormat KnownFormat =>
        AudioFormat.TryParse(Format, out var format)
            ? format
            : throw new DamagedJobException($"its format is '{Quote.Short(Format)}'");
}
