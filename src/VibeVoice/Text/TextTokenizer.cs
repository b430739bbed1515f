using System.Runtime.InteropServices;
using System.Text;

namespace VibeVoice.Text;

/// <summary>Byte-level byte-pair encoding: text to the token ids that the language model was trained on.</summary>
/// <remarks>
/// Special tokens are never made: <c>&lt;|endoftext|&gt;</c> in a text is read as those thirteen characters.
/// Safe to share between threads.
/// </remarks>
internal sealed class TextTokenizer
{
    private readonly bool _normalize;
    private readonly WordSplitter _splitter;
    private readonly IReadOnlyList<int> _tokenOfByte;
    private readonly BytePairMerger _merger;

    internal TextTokenizer(TokenizerData data)
    {
        _normalize = data.NormalizeToNfc;
        _splitter = new WordSplitter(data.Pattern);
        _tokenOfByte = data.TokenOfByte;
        _merger = new BytePairMerger(data.Merges);
    }

    /// <summary>Reads <c>tokenizer.json</c>, or else <c>vocab.json</c> and <c>merges.txt</c>, of a folder.</summary>
    /// <exception cref="ModelFormatException">Neither is there, or they are of another kind of tokenizer.</exception>
    public static TextTokenizer Load(string folder) => new(TokenizerData.Load(folder));

    /// <summary>Reads a <c>tokenizer.json</c> under whatever name.</summary>
    public static TextTokenizer LoadFile(string path) => new(TokenizerData.LoadFile(path));

    /// <summary>The tokens of a text; nothing is added to it and nothing trimmed from it.</summary>
    public IReadOnlyList<int> Encode(string text)
    {
        var clean = Normalize(text);
        var tokens = new List<int>(clean.Length / 3);
        var word = new List<int>();
        foreach (var range in _splitter.Split(clean))
        {
            word.Clear();
            foreach (var value in Encoding.UTF8.GetBytes(clean[range]))
            {
                word.Add(_tokenOfByte[value]);
            }

            _merger.Merge(CollectionsMarshal.AsSpan(word), tokens);
        }

        return tokens;
    }

    private string Normalize(string text)
    {
        // Half a surrogate pair is no text: Normalize would throw, and UTF-8 has no bytes for it.
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            whole.Append(rune); // U+FFFD for a lone half
        }

        var result = whole.ToString();
        return _normalize ? result.Normalize(NormalizationForm.FormC) : result;
    }
}
