using System.Globalization;
using System.Text;

namespace VibeVoice.Server.Batch;

/// <summary>What the file of a book says of itself, in ffmpeg's own format for metadata.</summary>
/// <param name="Title">Of the book.</param>
/// <param name="Author">Null where it was not told.</param>
/// <param name="GeneratedBy">What spoke.</param>
internal sealed record BookTags(string Title, string? Author, string GeneratedBy)
{
    /// <param name="chapters">Title and first sample of each, in order.</param>
    /// <param name="samples">Samples of the whole book.</param>
    /// <param name="sampleRateHz">Their rate.</param>
    /// <param name="asComments">See <see cref="BookFormat.HasChapterComments"/>.</param>
    public string Write(
        IReadOnlyList<(string Title, long Start)> chapters,
        long samples,
        int sampleRateHz,
        bool asComments
    )
    {
        var text = new StringBuilder(";FFMETADATA1\n");
        Add("title", Title);
        Add("album", Title);
        Add("artist", Author);
        Add("album_artist", Author);
        Add("genre", "Audiobook");
        Add("comment", $"AI-generated speech by {GeneratedBy}");
        Add("ai_generated", "true");
        for (var i = 0; i < chapters.Count; i++)
        {
            var (title, start) = chapters[i];
            if (asComments)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"CHAPTER{i + 1:D3}");
                Add(name, Time(start));
                Add($"{name}NAME", title);
                continue;
            }

            var end = i + 1 < chapters.Count ? chapters[i + 1].Start : samples;
            text.Append(
                CultureInfo.InvariantCulture,
                $"[CHAPTER]\nTIMEBASE=1/{sampleRateHz}\nSTART={start}\nEND={end}\n"
            );
            Add("title", title);
        }

        return text.ToString();

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                text.Append(name).Append('=').Append(Escape(value)).Append('\n');
            }
        }

        string Time(long sample) =>
            TimeSpan
                .FromMilliseconds(Math.Round(1000.0 * sample / sampleRateHz))
                .ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
    }

    private static string Escape(string value)
    {
        var escaped = new StringBuilder();
        foreach (var character in value)
        {
            if (character is '=' or ';' or '#' or '\\')
            {
                escaped.Append('\\');
            }

            escaped.Append(char.IsControl(character) ? ' ' : character);
        }

        return escaped.ToString();
    }
}
