namespace VibeVoice.Text.Preparation;

/// <summary>Raw text in, in any pieces; prepared text and pauses out.</summary>
/// <remarks>Joined, what comes out is the same for every cutting of what goes in. Not thread-safe.</remarks>
internal sealed class TextPreparation
{
    private readonly Queue<TimeSpan> _pauses = new();
    private readonly List<TextStage> _stages = [];

    public TextPreparation(TextOptions options)
    {
        _stages.Add(new TextStage(new CharacterRule()));
        if (options.ReadPauses)
        {
            _stages.Add(new TextStage(new PauseRule(options.LongestPause, _pauses)));
        }

        if (options.RemoveMarkdown)
        {
            _stages.Add(new TextStage(new MarkdownRule()));
        }

        if (options.RemoveEmoji)
        {
            _stages.Add(new TextStage(new EmojiRule()));
        }

        _stages.Add(new TextStage(new WhiteSpaceRule()));
    }

    /// <exception cref="PauseTooLongException">The text has come to one.</exception>
    public IEnumerable<PreparedPiece> Append(string text) =>
        Split(_stages.Aggregate(text, (prepared, stage) => stage.Append(prepared)));

    /// <summary>No more text will come.</summary>
    /// <exception cref="PauseTooLongException">The text has come to one.</exception>
    public IEnumerable<PreparedPiece> Finish() =>
        Split(_stages.Aggregate("", (prepared, stage) => stage.Append(prepared) + stage.Finish()));

    private List<PreparedPiece> Split(string prepared)
    {
        var pieces = new List<PreparedPiece>();
        for (var start = 0; start < prepared.Length; )
        {
            var mark = prepared.IndexOf(TextMark.Pause, start);
            var end = mark < 0 ? prepared.Length : mark;
            if (end > start)
            {
                pieces.Add(new PreparedPiece(prepared[start..end], null));
            }

            if (mark >= 0)
            {
                pieces.Add(new PreparedPiece("", _pauses.Dequeue()));
            }

            start = end + 1;
        }

        return pieces;
    }
}

/// <summary>Some text, or a pause.</summary>
internal readonly record struct PreparedPiece(string Text, TimeSpan? Pause);
