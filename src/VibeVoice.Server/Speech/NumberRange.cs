using static System.FormattableString;

namespace VibeVoice.Server.Speech;

/// <summary>The numbers that a field accepts.</summary>
internal sealed record NumberRange(double Minimum, double Maximum, bool IsWhole = false)
{
    /// <summary>What is allowed, in words: "a whole number from 1 to 50".</summary>
    public override string ToString() => Invariant($"a {(IsWhole ? "whole " : "")}number from {Minimum} to {Maximum}");

    public bool Contains(double value) => value >= Minimum && value <= Maximum && (!IsWhole || double.IsInteger(value));
}
