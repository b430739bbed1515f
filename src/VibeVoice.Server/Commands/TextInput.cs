using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>The words to speak: the argument itself, a file, or standard input.</summary>
internal static class TextInput
{
    /// <summary>More than the largest MAX_TEXT_CHARACTERS can need; what never ends must not fill the memory.</summary>
    private const int MaxLength = 4_000_000;

    /// <summary>Ten times the longest novels.</summary>
    private const int MaxBookLength = 100_000_000;

    /// <exception cref="JobRejectedException">Standard input is not text, or has no end.</exception>
    public static Task<string> ReadAsync(string argument, CancellationToken cancellationToken) =>
        argument == "-" ? ReadStandardInputAsync(MaxLength, cancellationToken) : Task.FromResult(argument);

    /// <summary>The text of a file, or of standard input for '-'.</summary>
    /// <exception cref="JobRejectedException">It cannot be read, is not text, or has no end.</exception>
    public static async Task<string> ReadBookAsync(string path, CancellationToken cancellationToken)
    {
        if (path == "-")
        {
            return await ReadStandardInputAsync(MaxBookLength, cancellationToken);
        }

        try
        {
            await using var file = File.OpenRead(path);
            return Read(file, $"'{path}'", MaxBookLength);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new JobRejectedException($"'{path}' cannot be read: {exception.Message}");
        }
    }

    // Reading a terminal or a pipe cannot be cancelled, but waiting for it can.
    private static async Task<string> ReadStandardInputAsync(int maxLength, CancellationToken cancellationToken) =>
        await Task.Run(() => Read(Console.OpenStandardInput(), "Standard input", maxLength), cancellationToken)
            .WaitAsync(cancellationToken);

    private static string Read(Stream stream, string name, int maxLength)
    {
        try
        {
            var encoding = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true);
            using var reader = new StreamReader(stream, encoding, detectEncodingFromByteOrderMarks: false);
            var text = new System.Text.StringBuilder();
            var buffer = new char[4096];
            while (reader.Read(buffer) is > 0 and var count)
            {
                text.Append(buffer, 0, count);
                if (text.Length > maxLength)
                {
                    throw new JobRejectedException(
                        FormattableString.Invariant(
                            $"{name} has more than {maxLength:N0} characters, more than any text may have; send it in parts."
                        )
                    );
                }
            }

            return text.ToString().TrimStart('\uFEFF');
        }
        catch (System.Text.DecoderFallbackException)
        {
            throw new JobRejectedException($"{name} is not valid UTF-8 text; convert it first, with iconv for one.");
        }
    }
}
