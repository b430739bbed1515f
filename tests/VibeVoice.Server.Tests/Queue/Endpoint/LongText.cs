namespace VibeVoice.Server.Tests.Queue.Endpoint;

/// <summary>Jobs that take a while: espeak-ng is fast, but encoding to opus is work.</summary>
internal static class LongText
{
    private const string Sentence = "The quick brown fox jumps over the lazy dog. ";

    /// <summary>About twenty seconds of work: for jobs that do not live so long.</summary>
    public static string Endless => Input(400);

    /// <summary>About one second of work.</summary>
    public static string Short => Input(20);

    private static string Input(int sentences) =>
        $$"""{"text": "{{string.Concat(Enumerable.Repeat(Sentence, sentences))}}", "output_format": "opus"}""";
}
