using CliWrap;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Encoding;

/// <summary>Keeps the end of what a child writes to its standard error, however much that is.</summary>
internal sealed class LastWords
{
    private const int KeptBytes = 1024;

    private readonly byte[] _tail = new byte[2 * KeptBytes];
    private int _length;
    private bool _isCut;

    /// <summary>Where the child's standard error goes.</summary>
    public PipeTarget Target => PipeTarget.Create(KeepAsync);

    /// <summary>The kept text on one line; empty where there was none. Read it once the child has ended.</summary>
    public override string ToString()
    {
        var start = Math.Max(0, _length - KeptBytes);
        var lines = TextEncoding
            .UTF8.GetString(_tail, start, _length - start)
            .Split(['\n', '\r'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Concat(line.Where(character => !char.IsControl(character))));
        return (_isCut || start > 0 ? "… " : "") + string.Join("; ", lines);
    }

    private async Task KeepAsync(Stream source, CancellationToken cancellationToken)
    {
        while (await source.ReadAsync(_tail.AsMemory(_length), cancellationToken) is > 0 and var read)
        {
            _length += read;
            if (_length > KeptBytes)
            {
                _isCut = true;
                _tail.AsSpan(_length - KeptBytes, KeptBytes).CopyTo(_tail);
                _length = KeptBytes;
            }
        }
    }
}
