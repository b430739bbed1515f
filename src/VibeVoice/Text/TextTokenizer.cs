using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace VibeVoice.Text;

/// <summary>Byte-level byte-pair encoding: text to the token ids that the language model was trained on.</summary>
/// <remarks>
/// The alphabet is bytes, so no text is unknown. Own code rather than Microsoft.ML.Tokenizers: see docs/decisions.
/// Safe to share between threads.
/// </remarks>
internal sealed class TextTokenizer
{
    private readonly bool _normalize;
    private readonly WordSplitter _splitter;
    private readonly IReadOnlyList<int> _tokenOfByte;
    private readonly BytePairMerger _merger;
    private readonly IReadOnlyDictionary<string, int> _addedTokens;
    private readonly Regex? _addedToken;

    internal TextTokenizer(TokenizerData data)
    {
        _normalize = data.NormalizeToNfc;
        if (_normalize && !"e\u0301".Normalize(NormalizationForm.FormC).Equals("\u00e9", StringComparison.Ordinal))
        {
            // Without ICU .NET returns its input and says nothing; accents would then be read as other tokens.
            throw new PlatformNotSupportedException(
                "Unicode normalisation does nothing on this machine, and the tokenizer needs it. "
                    + "Install libicu, and leave InvariantGlobalization off."
            );
        }

        _splitter = new WordSplitter(data.Pattern);
        _tokenOfByte = data.TokenOfByte;
        _merger = new BytePairMerger(data.Merges);
        KnowsWords = data.Merges.Count > 0;
        _addedTokens = data.AddedTokens;
        _addedToken = MakeAddedTokenExpression(data.AddedTokens.Keys);
        LargestToken = data
            .TokenOfByte.Concat(data.Merges.Values.Select(merge => merge.Token))
            .Concat(data.AddedTokens.Values)
            .Max();
    }

    /// <summary>Reads <c>tokenizer.json</c>, or else <c>vocab.json</c> and <c>merges.txt</c>, of a folder.</summary>
    /// <exception cref="ModelFormatException">Neither is there, or they are of another kind of tokenizer.</exception>
    public static TextTokenizer Load(string folder) => new(TokenizerData.Load(folder));

    /// <summary>Reads a <c>tokenizer.json</c> under whatever name.</summary>
    public static TextTokenizer LoadFile(string path) => new(TokenizerData.LoadFile(path));

    /// <summary>Whether there are tokens of more than one byte.</summary>
    public bool KnowsWords { get; }

    /// <summary>The largest id that can come out, to be compared with the rows of an embedding.</summary>
    public int LargestToken { get; }

    /// <summary>The tokens of a text; nothing is added to it and nothing trimmed from it.</summary>
    public IReadOnlyList<int> Encode(string text)
    {
        var tokens = new List<int>(text.Length / 3);
        EncodeWords(text, tokens);
        return tokens;
    }

    /// <summary>
    /// As the reference does: <c>&lt;|endoftext|&gt;</c> and its like become the one token of that name. Only for
    /// text that the program made itself: in a stranger's text they would steer the model.
    /// </summary>
    public IReadOnlyList<int> EncodeWithAddedTokens(string text)
    {
        var tokens = new List<int>(text.Length / 3);
        var position = 0;
        if (_addedToken is not null)
        {
            foreach (var match in _addedToken.EnumerateMatches(text))
            {
                EncodeWords(text[position..match.Index], tokens);
                position = match.Index + match.Length;
                tokens.Add(_addedTokens[text[match.Index..position]]);
            }
        }

        EncodeWords(text[position..], tokens);
        return tokens;
    }

    private void EncodeWords(string text, List<int> tokens)
    {
        var clean = Normalize(text);
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
    }

    // The longest first, where one begins like another.
    private static Regex? MakeAddedTokenExpression(IEnumerable<string> tokens)
    {
        var alternatives = tokens.OrderByDescending(token => token.Length).Select(Regex.Escape).ToArray();
        return alternatives.Length == 0
            ? null
            : new Regex(
                string.Join('|', alternatives),
                RegexOptions.CultureInvariant | RegexOptions.NonBacktracking,
                WordSplitter.MatchTimeout
            );
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
