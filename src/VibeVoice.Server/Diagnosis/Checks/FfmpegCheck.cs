using VibeVoice.Server.Encoding;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether ffmpeg is there and has the encoder of each format.</summary>
internal sealed class FfmpegCheck(AudioEncoder encoder) : ICheck
{
    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var version = await encoder.CheckAsync(cancellationToken);
        return CheckResult.Ok($"ffmpeg {version}, with the encoders {string.Join(", ", FfmpegArguments.Encoders)}.");
    }
}
