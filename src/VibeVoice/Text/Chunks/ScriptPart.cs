namespace VibeVoice.Text.Chunks;

/// <summary>One step of speaking a text: some words of the open chunk, its end, or silence.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Text">The words.</param>
/// <param name="Boundary">What lies before the words, or what ends the chunk.</param>
/// <param name="Pause">How long the silence is.</param>
internal readonly record struct ScriptPart(ScriptPartKind Kind, string Text, ChunkBoundary Boundary, TimeSpan Pause)
{
    public static ScriptPart Words(string text, ChunkBoundary before) =>
        new(ScriptPartKind.Words, text, before, TimeSpan.Zero);

    public static ScriptPart End(ChunkBoundary boundary) => new(ScriptPartKind.End, "", boundary, TimeSpan.Zero);

    public static ScriptPart Silence(TimeSpan pause) => new(ScriptPartKind.Silence, "", ChunkBoundary.Pause, pause);
}

internal enum ScriptPartKind
{
    Words,
    End,
    Silence,
}
