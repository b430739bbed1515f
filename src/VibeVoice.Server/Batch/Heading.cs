namespace VibeVoice.Server.Batch;

/// <summary>A line that begins a chapter.</summary>
/// <param name="Title">The heading in words.</param>
/// <param name="Spoken">The line as it is spoken: without the marks of a heading.</param>
/// <param name="StandsAlone">Whether it counts only after a blank line and before anything but another heading.</param>
/// <param name="TakesTitle">Whether a short line right below it is the rest of it: "CHAPTER I." and the name.</param>
internal sealed record Heading(string Title, string Spoken, bool StandsAlone, bool TakesTitle);
