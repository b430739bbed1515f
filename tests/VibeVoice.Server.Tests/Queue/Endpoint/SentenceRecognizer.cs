using System.Text;
using CliWrap;
using Testing;

namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>
/// A speech recognizer that nobody made for this program: pocketsphinx, asked which of a few similar sentences it hears.
/// Free dictation would be too weak; with a grammar it tells them apart, and noise is none of them.
/// </summary>
internal sealed class SentenceRecognizer : IDisposable
{
    private const string ModelFolder = "/usr/share/pocketsphinx/model/en-us";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vibevoice-recognizer-");

    /// <summary>Each differs from another in a word or two. All words are in the recognizer's dictionary.</summary>
    public static readonly IReadOnlyList<string> Sentences =
    [
        "the quick brown fox jumps over the lazy dog",
        "the quick brown cat sleeps under the lazy dog",
        "please send the green boat to the old harbor tomorrow",
        "please send the blue boat to the new harbor tomorrow",
        "seven large ships sailed across the quiet ocean",
        "eleven small ships sailed across the noisy ocean",
    ];

    /// <summary>The sentence that is heard in an audio file; empty where it is none of them.</summary>
    public async Task<string> HearAsync(byte[] audioFile)
    {
        var token = TestContext.Current.CancellationToken;
        var wav = Path.Combine(_folder.FullName, "heard.wav");
        await Cli.Wrap(RequiredTool.Find("ffmpeg"))
            .WithArguments([
                "-loglevel",
                "error",
                "-y",
                "-i",
                "pipe:0",
                "-ar",
                "16000",
                "-ac",
                "1",
                "-c:a",
                "pcm_s16le",
                wav,
            ])
            .WithStandardInputPipe(PipeSource.FromBytes(audioFile))
            .ExecuteAsync(token);

        var grammar = Path.Combine(_folder.FullName, "sentences.gram");
        await File.WriteAllTextAsync(
            grammar,
            $"#JSGF V1.0;\ngrammar sentences;\npublic <sentence> = {string.Join(" | ", Sentences)};\n",
            token
        );
        var heard = new StringBuilder();
        await Cli.Wrap(RequiredTool.Find("pocketsphinx_continuous"))
            .WithArguments([
                "-infile",
                wav,
                "-jsgf",
                grammar,
                "-hmm",
                $"{ModelFolder}/en-us",
                "-dict",
                $"{ModelFolder}/cmudict-en-us.dict",
                "-logfn",
                "/dev/null",
            ])
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(heard))
            .ExecuteAsync(token);
        return heard.ToString().Trim();
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
