using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>The words to speak: the argument itself, or standard input.</summary>
internal static class TextInput
{
    /// <summary>More than the largest MAX_TEXT_CHARACTERS can need; what never ends must not fill the memory.</summary>
    private const int MaxLength = 4_000_000;

    /// <exception cref="JobRejectedException">Standard input is not text, or has no end.</exception>
    public static async Task<string> ReadAsync(string argument, CancellationToken cancellationToken) =>
        argument == "-"
            // Reading a terminal or a pipe cannot be cancelled, but waiting for it can.
            ? await Task.Run(ReadStandardInput, cancellationToken).WaitAsync(cancellationToken)
            : argument;

    private static string ReadStandardInput()
    {
        try
        {
            var encoding = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true);
            using var reader = new StreamReader(
                Console.OpenStandardInput(),
                encoding,
                detectEncodingFromByteOrderMarks: false
            );
            var text = new System.Text.StringBuilder();
            var buffer = new char[4096];
            while (reader.Read(buffer) is > 0 and var count)
            {
                text.Append(buffer, 0, count);
                if (text.Length > MaxLength)
                {
                    throw new JobRejectedException(
                        FormattableString.Invariant(
                            $"Standard input has more than {MaxLength:N0} characters, more than any text may have; send it in parts."
                        )
                    );
                }
            }

            return text.ToString().TrimStart('\uFEFF');
        }
        catch (System.Text.DecoderFallbackException)
        {
            throw new JobRejectedException(
                "Standard input is not valid UTF-8 text; convert it first, with iconv for one."
            );
        }
    }
}
