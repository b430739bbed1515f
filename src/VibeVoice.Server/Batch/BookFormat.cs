using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>A format that a whole book can have: one that carries chapters.</summary>
/// <param name="Extension">Of the file, which chooses it.</param>
/// <param name="Codec">How the sound is encoded.</param>
/// <param name="Container">ffmpeg's arguments for the container; null for the codec's own.</param>
/// <param name="HasChapterComments">
/// Whether chapters are comments (CHAPTER001=00:00:00.000, CHAPTER001NAME=…), which ffmpeg does not write by itself.
/// </param>
internal sealed record BookFormat(
    string Extension,
    AudioFormat Codec,
    IReadOnlyList<string>? Container = null,
    bool HasChapterComments = false
)
{
    public static readonly BookFormat M4b = new("m4b", AudioFormat.Aac, ["-f", "ipod", "-movflags", "+faststart"]);

    private static readonly BookFormat[] All =
    [
        M4b,
        new("mp3", AudioFormat.Mp3),
        new("flac", AudioFormat.Flac, HasChapterComments: true),
    ];

    /// <exception cref="JobRejectedException">The file's extension is none of them.</exception>
    public static BookFormat Of(string file) =>
        All.FirstOrDefault(format =>
            Path.GetExtension(file).Equals($".{format.Extension}", StringComparison.OrdinalIgnoreCase)
        )
        ?? throw new JobRejectedException(
            $"'{file}' must end in one of {string.Join(", ", All.Select(format => $".{format.Extension}"))}: those formats have "
                + "chapter marks."
        );
}
