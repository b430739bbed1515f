using System.Runtime.Versioning;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Encoding;

[Collection(ProcessesCollection.Name)]
[UnsupportedOSPlatform("windows")]
public sealed class CheckTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_installed_ffmpeg_is_complete_and_tells_its_version() =>
        (await Encoders.Real().CheckAsync(Ct)).ShouldMatch(@"^N?-?\d");

    [Fact]
    public async Task A_missing_ffmpeg_is_named()
    {
        var failure = await Should.ThrowAsync<SpeechFailedException>(() =>
            Encoders.With("/nowhere/ffmpeg").CheckAsync(Ct)
        );

        failure.Message.ShouldBe(
            "'/nowhere/ffmpeg' could not be started: No such file or directory. "
                + "Install it, or set FFMPEG_PATH to where it is."
        );
    }

    [Fact]
    public async Task An_encoder_that_is_missing_is_named()
    {
        using var fake = new FakeFfmpeg(
            """
            case "$*" in
              *-version*) echo 'ffmpeg version 9.9 Copyright' ;;
              *) echo ' ------'; echo ' A....D aac  AAC'; echo ' V....D libmp3lame  not audio'; echo ' A....D flac  FLAC' ;;
            esac
            """
        );

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => Encoders.With(fake.Path).CheckAsync(Ct));

        failure.Message.ShouldContain("9.9 lacks the encoders libmp3lame, libopus.");
    }

    [Fact]
    public async Task A_program_that_is_not_ffmpeg_is_refused()
    {
        using var fake = new FakeFfmpeg("echo hello");

        var failure = await Should.ThrowAsync<SpeechFailedException>(() => Encoders.With(fake.Path).CheckAsync(Ct));

        failure.Message.ShouldContain("did not answer as ffmpeg does");
    }

    [Fact]
    public async Task A_check_of_a_program_that_hangs_can_be_cancelled()
    {
        using var fake = new FakeFfmpeg("sleep 600");
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Should.ThrowAsync<OperationCanceledException>(() => Encoders.With(fake.Path).CheckAsync(stop.Token));

        await Children.ShouldEndAsync("sleep");
    }
}
