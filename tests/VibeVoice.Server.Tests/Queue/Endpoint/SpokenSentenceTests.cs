using System.Buffers.Binary;
using VibeVoice.Server.Tests.Delivery;

namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>What comes out is speech, and the speech is the text: heard by a recognizer, at the end of the whole path.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class SpokenSentenceTests(S3ServerFixture server) : IClassFixture<S3ServerFixture>, IDisposable
{
    private readonly SentenceRecognizer _recognizer = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _recognizer.Dispose();

    [Theory]
    [InlineData("mp3")]
    [InlineData("opus")]
    public async Task The_right_one_of_similar_sentences_is_heard(string format)
    {
        await using var stage = await EndpointStage.StartAsync((await server.GetAsync(Token)).Url);
        var sentences = SentenceRecognizer.Sentences;
        for (var i = 0; i < sentences.Count; i++)
        {
            stage.RunPod.Enqueue($"job-{i}", $$"""{"text": "{{sentences[i]}}.", "output_format": "{{format}}"}""");
        }

        var heard = new List<string>();
        for (var i = 0; i < sentences.Count; i++)
        {
            var output = (await stage.RunPod.ResultOf($"job-{i}")).GetProperty("output");
            var file = await stage.DownloadAsync(output.GetProperty("audio_url").GetString()!);
            heard.Add(await _recognizer.HearAsync(file));
        }

        heard.ShouldBe(sentences);
    }

    [Fact]
    public async Task Noise_is_none_of_the_sentences()
    {
        var random = new Random(7);

        (await _recognizer.HearAsync(Wav(3 * 16_000, () => (short)random.Next(-10_000, 10_000)))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Silence_is_none_of_the_sentences() =>
        (await _recognizer.HearAsync(Wav(3 * 16_000, () => 0))).ShouldBeEmpty();

    [Fact]
    public async Task Half_a_sentence_is_none_of_the_sentences()
    {
        await using var stage = await EndpointStage.StartAsync();
        stage.RunPod.Enqueue("job", """{"text": "the quick brown fox", "output_format": "wav"}""");

        var output = (await stage.RunPod.ResultOf("job")).GetProperty("output");

        (await _recognizer.HearAsync(output.GetProperty("audio_base64").GetBytesFromBase64())).ShouldBeEmpty();
    }

    private static byte[] Wav(int samples, Func<short> sample)
    {
        var file = new byte[44 + (samples * sizeof(short))];
        "RIFF____WAVEfmt "u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        ReadOnlySpan<int> format = [16, 0x0001_0001, 16_000, 32_000, 0x0010_0002];
        for (var i = 0; i < format.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16 + (i * sizeof(int))), format[i]);
        }

        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), samples * sizeof(short));
        for (var i = 0; i < samples; i++)
        {
            BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(44 + (i * sizeof(short))), sample());
        }

        return file;
    }
}
