using System.ComponentModel.DataAnnotations;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Encoding;

/// <summary>Process-wide settings of the encoder.</summary>
internal sealed record EncodingOptions
{
    public const string FfmpegSetting = "FFMPEG_PATH";

    [Setting(FfmpegSetting, "The ffmpeg program, a name on the PATH or a path.")]
    public string FfmpegPath { get; init; } = "ffmpeg";

    [Setting("MP3_BITRATE_KBPS", "Constant bit rate of mp3, mono, in kbit/s.")]
    [Range(32, 160)]
    public int Mp3BitrateKbps { get; init; } = 128;

    [Setting("AAC_BITRATE_KBPS", "Bit rate of aac, mono, in kbit/s.")]
    [Range(32, 160)]
    public int AacBitrateKbps { get; init; } = 96;

    [Setting("OPUS_BITRATE_KBPS", "Bit rate of opus, mono, in kbit/s.")]
    [Range(12, 256)]
    public int OpusBitrateKbps { get; init; } = 48;
}
