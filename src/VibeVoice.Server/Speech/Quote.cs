using System.Text;

namespace VibeVoice.Server.Speech;

/// <summary>Makes what a caller sent fit to be quoted in a message: short, and without control characters.</summary>
internal static class Quote
{
    private const int MaxLength = 60;

    public static string Short(string value)
    {
        var quoted = new StringBuilder();
        foreach (var rune in value.EnumerateRunes())
        {
            if (quoted.Length >= MaxLength)
            {
                return quoted.Append('…').ToString();
            }

            quoted.Append(Rune.IsControl(rune) ? "�" : rune.ToString());
        }

        return quoted.ToString();
    }
}
