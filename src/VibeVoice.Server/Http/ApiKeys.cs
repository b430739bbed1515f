using System.Security.Cryptography;
using TextEncoding = System.Text.Encoding;

namespace VibeVoice.Server.Http;

/// <summary>The keys of the server's clients, of which only hashes are kept.</summary>
internal sealed class ApiKeys(HttpOptions options)
{
    private readonly byte[][] _hashes = [.. options.Keys.Select(Hash)];

    /// <summary>Whether there are any; where there is none, everyone may speak.</summary>
    public bool AreNeeded => _hashes.Length > 0;

    /// <summary>Compares with every key, in a time that tells nothing of where they differ or which it was.</summary>
    public bool IsKnown(string key)
    {
        var hash = Hash(key);
        var isKnown = false;
        foreach (var known in _hashes)
        {
            isKnown |= CryptographicOperations.FixedTimeEquals(hash, known);
        }

        return isKnown;
    }

    private static byte[] Hash(string key) => SHA256.HashData(TextEncoding.UTF8.GetBytes(key));
}
