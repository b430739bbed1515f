namespace VibeVoice.Server.Batch;

/// <summary>What one job speaks.</summary>
/// <param name="Chapter">Index of its chapter.</param>
/// <param name="Number">Its number in the chapter, from 1.</param>
/// <param name="Text">Prepared, never empty.</param>
/// <param name="Characters">Unicode scalars of the text, as the worker counts them.</param>
/// <param name="End">What ends it: it decides the silence after it.</param>
/// <param name="Key">Names its audio: parts with one key are asked for with one and the same input.</param>
internal sealed record BookPart(int Chapter, int Number, string Text, int Characters, ChunkBoundary End, string Key)
{
    /// <summary>For messages, which never hold its words.</summary>
    public string Name => FormattableString.Invariant($"chapter {Chapter + 1}, part {Number}");
}
