namespace VibeVoice.Server.Batch;

/// <summary>One chapter of a book.</summary>
/// <param name="Title">For the chapter marks, on one line.</param>
/// <param name="Text">What is spoken, its heading first; as it was written but for the marks of the heading.</param>
internal sealed record Chapter(string Title, string Text);
