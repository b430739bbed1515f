namespace VibeVoice.Benchmarks.Measuring;

/// <summary>The published program, and another one to hold it against.</summary>
/// <param name="Measured">Path of the program.</param>
/// <param name="Against">Path of the other one, or null.</param>
internal sealed record Programs(string Measured, string? Against);
