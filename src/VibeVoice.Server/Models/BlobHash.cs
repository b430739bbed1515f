using System.Globalization;
using System.Security.Cryptography;

namespace VibeVoice.Server.Models;

/// <summary>The checksum that a blob's name promises, taken while its content passes by.</summary>
internal sealed class BlobHash : IDisposable
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    private readonly IncrementalHash? _hash;

    /// <param name="etag">64 hexadecimal digits are a SHA-256; 40 are Git's SHA-1, over a header and the content.</param>
    /// <param name="length">Size of the content, which Git's header holds.</param>
    public BlobHash(string etag, long length)
    {
        var isHex = etag.All(char.IsAsciiHexDigitLower);
        if (isHex && etag.Length == Sha256Digits)
        {
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        }
        else if (isHex && etag.Length == Sha1Digits)
        {
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            var header = string.Create(CultureInfo.InvariantCulture, $"blob {length}\0");
            _hash.AppendData(System.Text.Encoding.ASCII.GetBytes(header));
        }
    }

    /// <summary>False for a mirror's own tags: of those only the size can be checked.</summary>
    public bool IsKnown => _hash is not null;

    public void Append(ReadOnlySpan<byte> content) => _hash?.AppendData(content);

    /// <summary>Lower-case hexadecimal digits, to be compared with the tag.</summary>
    public string Finish() => _hash is null ? "" : Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash?.Dispose();

    /// <summary>Whether a blob's content is what its name promises; true where its name promises nothing.</summary>
    public static async Task<bool> MatchesAsync(string path, CancellationToken cancellationToken)
    {
        var etag = Path.GetFileName(path);
        await using var file = OpenToRead(path);
        using var hash = new BlobHash(etag, file.Length);
        if (!hash.IsKnown)
        {
            return true;
        }

        await hash.AppendAsync(file, file.Length, cancellationToken);
        return hash.Finish() == etag;
    }

    /// <summary>Takes in the next <paramref name="count"/> bytes of a file.</summary>
    /// <exception cref="EndOfStreamException">It has fewer.</exception>
    public async Task AppendAsync(Stream file, long count, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024 * 1024];
        while (count > 0)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, count));
            await file.ReadExactlyAsync(part, cancellationToken);
            Append(part.Span);
            count -= part.Length;
        }
    }

    private static FileStream OpenToRead(string path) =>
        new(
            path,
            new FileStreamOptions
            {
                Options = FileOptions.SequentialScan | FileOptions.Asynchronous,
                BufferSize = 0,
                Share = FileShare.ReadWrite | FileShare.Delete,
            }
        );
}
