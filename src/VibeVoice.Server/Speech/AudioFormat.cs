using System.Diagnostics.CodeAnalysis;

namespace VibeVoice.Server.Speech;

/// <summary>A file format the program can answer in: its name in requests, its file extension and media type.</summary>
internal sealed record AudioFormat
{
    public static readonly AudioFormat Mp3 = new("mp3", "audio/mpeg");
    public static readonly AudioFormat Aac = new("aac", "audio/aac");
    public static readonly AudioFormat Wav = new("wav", "audio/wav");
    public static readonly AudioFormat Opus = new("opus", "audio/ogg");
    public static readonly AudioFormat Flac = new("flac", "audio/flac");
    public static readonly AudioFormat Pcm = new("pcm", "audio/pcm");

    public static readonly IReadOnlyList<AudioFormat> All = [Mp3, Aac, Wav, Opus, Flac, Pcm];

    private AudioFormat(string name, string contentType)
    {
        Name = name;
        ContentType = contentType;
    }

    /// <summary>The name in requests and, with a dot before it, the file extension.</summary>
    public string Name { get; }

    public string ContentType { get; }

    /// <summary>All names, for messages: "mp3, aac, …".</summary>
    public static string Names { get; } = string.Join(", ", All.Select(format => format.Name));

    public static bool TryParse(string name, [NotNullWhen(true)] out AudioFormat? format)
    {
        format = All.FirstOrDefault(f => f.Name.Equals(name.Trim(), StringComparison.OrdinalIgnoreCase));
        return format is not null;
    }

    public override string ToString() => Name;
}
