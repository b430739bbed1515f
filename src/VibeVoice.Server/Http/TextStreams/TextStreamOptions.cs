using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>Process-wide settings of text streams; the rest of HTTP's holds for them, too.</summary>
internal sealed record TextStreamOptions
{
    [Setting(
        "HTTP_STREAM_CONNECTIONS",
        "Text streams that may be open at once, speaking or not; one more is answered 429."
    )]
    [Range(1, 100_000)]
    public int Connections { get; init; } = 200;

    [Setting(
        "HTTP_STREAM_IDLE_SECONDS",
        "A text stream that is not being spoken is closed after this time without a message, in seconds."
    )]
    [Range(1, 86_400)]
    public int IdleSeconds { get; init; } = 60;

    [Setting(
        "HTTP_STREAM_STALL_SECONDS",
        "A speech whose engine has waited this long for more text is ended, and its slot is free again, in seconds."
    )]
    [Range(1, 3600)]
    public int StallSeconds { get; init; } = 10;

    /// <summary>As much as a text may have by default: then a message that comes after the text is heard at once.</summary>
    [Setting(
        "HTTP_STREAM_BUFFER_CHARACTERS",
        "Text of one stream that may wait for the engine; then nothing more is read from its client, also no `cancel`."
    )]
    [Range(256, 1_000_000)]
    public int BufferCharacters { get; init; } = 20_000;
}
