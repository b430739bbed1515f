using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace VibeVoice.Compiled;

/// <summary>
/// All that compiled bytes depend on: which weights, how exactly they are kept, in which layout, and where they are computed
/// with.
/// </summary>
/// <remarks>
/// Nothing of the processor: every kernel reads the same layout, so that one volume serves unlike machines. Nothing of the
/// time of compiling or of the program's version either: <c>layout</c> is what changes when the bytes do.
/// </remarks>
internal sealed record CompiledKey
{
    private const int HashCharacters = 16;
    private const int SlugCharacters = 40;

    private CompiledKey(string model, string precision, string text)
    {
        Model = Slug(model);
        Text = text;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashCharacters];
        FileName = $"{Model}-{Slug(precision)}-{hash}{CompiledNames.Extension}";
    }

    /// <summary>The checkpoint's name, as it begins the file's.</summary>
    public string Model { get; }

    /// <summary>The whole key, a line for each part of it; kept in the file.</summary>
    public string Text { get; }

    /// <summary>For people, and unique by 64 bits of the key's hash.</summary>
    public string FileName { get; }

    /// <summary>The key of a checkpoint's compiled weights; reads a few hundred kilobytes at most.</summary>
    /// <param name="checkpointFolder">Holds config.json and the weights.</param>
    /// <param name="precision">How exactly each part is kept, such as "int8" or "text int8, decoder float32".</param>
    /// <param name="layout">Version of what the tensors' bytes mean; another whenever that changes.</param>
    /// <param name="device">Where it is computed, such as "cpu".</param>
    /// <exception cref="ModelFormatException">The folder holds no checkpoint.</exception>
    public static CompiledKey Of(string checkpointFolder, string precision, int layout, string device)
    {
        var checkpoint = CheckpointIdentity.Of(checkpointFolder);
        return new CompiledKey(
            checkpoint.Name,
            precision,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{checkpoint.Text}precision: {precision}\nlayout: {layout}\ndevice: {device}\n"
            )
        );
    }

    private static string Slug(string text)
    {
        var slug = new StringBuilder();
        foreach (var character in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(character) || (character == '.' && slug.Length > 0))
            {
                slug.Append(character);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        return slug.ToString(0, Math.Min(slug.Length, SlugCharacters)).Trim('-', '.') is { Length: > 0 } name
            ? name
            : "model";
    }
}
