using System.Globalization;
using VibeVoice.Server.Commands;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>What a batch is asked to do.</summary>
internal sealed record BatchRequest
{
    /// <summary>The whole book.</summary>
    public required string Text { get; init; }

    public required string Title { get; init; }

    public string? Author { get; init; }

    /// <summary>Id of the endpoint.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The file to write.</summary>
    public required string Output { get; init; }

    public required BookFormat Format { get; init; }

    public required string WorkFolder { get; init; }

    /// <summary>Whether a work folder of something else is gone on with.</summary>
    public bool IsForced { get; init; }

    /// <summary>Null for the usual rules.</summary>
    public string? ChapterPattern { get; init; }

    /// <summary>The most characters of a part.</summary>
    public required int PartCharacters { get; init; }

    public required JobTemplate Template { get; init; }

    public required BatchOptions Options { get; init; }

    /// <exception cref="JobRejectedException">There is nothing to speak, or the pattern is none.</exception>
    public BatchPlan Plan()
    {
        var rules = ChapterPattern is { } pattern ? HeadingRules.Of(pattern) : HeadingRules.Usual;
        var plan = BatchPlan.Create(Text, ChapterSplitter.Split(Text, rules, Title), PartCharacters, Template);
        return plan.Parts.Count > 0
            ? plan
            : throw new JobRejectedException("The book has nothing to speak: there is no letter and no digit in it.");
    }

    /// <summary>What a work folder made for this request remembers, without parts.</summary>
    /// <param name="plan">Of this request.</param>
    /// <param name="endpoint">The endpoint's URL: a job is known there only.</param>
    public BatchManifest Manifest(BatchPlan plan, Uri endpoint)
    {
        var options = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["--endpoint"] = endpoint.AbsoluteUri,
            ["--part-format"] = Template.Format.Name,
            ["--part-characters"] = PartCharacters.ToString(CultureInfo.InvariantCulture),
        };
        var speech = Template.Speech;
        Add("--chapter-pattern", ChapterPattern);
        Add(SpeechFlags.Names.Voice, speech.Voice);
        Add(SpeechFlags.Names.Speed, speech.Speed?.ToString(CultureInfo.InvariantCulture));
        Add(SpeechFlags.Names.Seed, speech.Seed?.ToString(CultureInfo.InvariantCulture));
        Add(SpeechFlags.Names.CfgScale, speech.CfgScale?.ToString(CultureInfo.InvariantCulture));
        Add(SpeechFlags.Names.InferenceSteps, speech.InferenceSteps?.ToString(CultureInfo.InvariantCulture));
        Add("--remove-markdown", speech.RemoveMarkdown is true ? "yes" : null);
        Add("--remove-emoji", speech.RemoveEmoji is true ? "yes" : null);
        return new BatchManifest { Book = plan.BookChecksum, Options = options };

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                options[name] = value;
            }
        }
    }
}
