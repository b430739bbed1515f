namespace VibeVoice.Extensions.AI;

/// <summary>A form of audio that needs no encoder: 16-bit mono samples, with a wav head or without.</summary>
internal sealed class SpeechFormat
{
    private static readonly SpeechFormat[] _all = [new("wav", "audio/wav", hasHead: true), new("pcm", "audio/pcm")];

    private readonly string _name;
    private readonly bool _hasHead;

    private SpeechFormat(string name, string mediaType, bool hasHead = false)
    {
        _name = name;
        MediaType = mediaType;
        _hasHead = hasHead;
    }

    public string MediaType { get; }

    /// <param name="name">A name or a media type, case ignored; null for the default.</param>
    /// <exception cref="NotSupportedException">It is another.</exception>
    public static SpeechFormat Parse(string? name) =>
        name is null
            ? _all[0]
            : Array.Find(_all, format => format.IsCalled(name))
                ?? throw new NotSupportedException(
                    $"The format '{name}' was asked for, but this client makes only "
                        + $"{string.Join(" and ", _all.Select(format => $"'{format._name}' ({format.MediaType})"))}. "
                        + "Encode one of them yourself."
                );

    /// <param name="frame">The samples.</param>
    /// <param name="isWhole">Whether the frame is all of the file; false for its first piece, null for a later one.</param>
    public byte[] Encode(AudioFrame frame, bool? isWhole)
    {
        var dataBytes = frame.Samples.Length * Pcm16.SampleBytes;
        var head = _hasHead && isWhole is { } whole ? WavFile.Head(frame.SampleRateHz, whole ? dataBytes : null) : [];
        var bytes = new byte[head.Length + dataBytes];
        head.CopyTo(bytes, 0);
        Pcm16.Convert(frame.Samples.Span, bytes.AsSpan(head.Length));
        return bytes;
    }

    private bool IsCalled(string name) =>
        name.Equals(_name, StringComparison.OrdinalIgnoreCase)
        || name.Equals(MediaType, StringComparison.OrdinalIgnoreCase);
}
