using System.Security.Cryptography;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech.Voices;
using static System.FormattableString;

namespace VibeVoice.Server.Speech;

/// <summary>The edge: turns what a caller asked for into a valid request, or says everything that is wrong with it.</summary>
/// <exception cref="Settings.SettingsException">The default voice is none of the engine's; thrown at the start.</exception>
internal sealed class SpeechRequestFactory(SpeechSettings options, ISynthesizer synthesizer)
{
    private readonly VoiceInfo _defaultVoice = FindDefaultVoice(options, synthesizer.Voices);

    /// <summary>How long a text may be, in words: "1 to 20,000 characters".</summary>
    public string TextLengths => Invariant($"1 to {options.MaxTextCharacters:N0} characters");

    /// <summary>Checks <paramref name="input"/> and fills in the defaults.</summary>
    /// <param name="problems">Problems found before, such as fields of a wrong type; those found here are added.</param>
    /// <returns>The request, to be used only when <paramref name="problems"/> stayed empty.</returns>
    /// <exception cref="JobRejectedException">There are problems; all of them are told.</exception>
    public SpeechRequest Create(SpeechInput input, SpeechFieldNames names, ICollection<SpeechProblem> problems)
    {
        var preparation = PreparationOf(input);
        var text = CheckText(input.Text, preparation, names.Text, problems, out var characters);
        return Create(input, preparation, text, characters, names, problems);
    }

    /// <summary>The same for a text that is still to come; what comes of it must be checked as it does.</summary>
    /// <exception cref="JobRejectedException">There are problems; all of them are told.</exception>
    public SpeechRequest CreateForGrowingText(
        SpeechInput input,
        SpeechFieldNames names,
        ICollection<SpeechProblem> problems
    ) => Create(input, PreparationOf(input), "", 0, names, problems);

    /// <summary>What is said of a text that has grown too long.</summary>
    public SpeechProblem TooLong(string name, int characters) =>
        SpeechProblem.Of(
            name,
            Invariant($"has {characters:N0} characters, but must have {TextLengths}; send it in parts")
        ) with
        {
            IsTooLong = true,
        };

    private TextOptions PreparationOf(SpeechInput input) =>
        new()
        {
            RemoveMarkdown = input.RemoveMarkdown ?? options.RemoveMarkdown,
            RemoveEmoji = input.RemoveEmoji ?? options.RemoveEmoji,
            LongestPause = TimeSpan.FromSeconds(options.MaxPauseSeconds),
        };

    private SpeechRequest Create(
        SpeechInput input,
        TextOptions preparation,
        string? text,
        int characters,
        SpeechFieldNames names,
        ICollection<SpeechProblem> problems
    )
    {
        var voice = CheckVoice(input.Voice, names.Voice, problems);
        var format = CheckFormat(input.Format, names.Format, problems);
        CheckReferenceAudio(input.ReferenceAudio, names.ReferenceAudio, problems);
        CheckNumber(input.Speed, SpeechLimits.Speed, names.Speed, problems);
        CheckNumber(input.Seed, SpeechLimits.Seed, names.Seed, problems);
        CheckNumber(input.CfgScale, SpeechLimits.CfgScale, names.CfgScale, problems);
        CheckNumber(input.InferenceSteps, SpeechLimits.InferenceSteps, names.InferenceSteps, problems);
        if (problems.Count > 0)
        {
            throw new JobRejectedException([.. problems.Select(problem => problem.Sentence)]);
        }

        return new SpeechRequest
        {
            Text = text!,
            Preparation = preparation,
            Characters = characters,
            Voice = voice!,
            Format = format!,
            Speed = input.Speed ?? 1,
            Seed = (long?)input.Seed ?? NewSeed(),
            CfgScale = input.CfgScale ?? options.CfgScale,
            InferenceSteps = (int?)input.InferenceSteps ?? options.InferenceSteps,
            Warnings = [.. Warnings(input, names)],
        };
    }

    private static long NewSeed() =>
        BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & SpeechLimits.MaxSeed;

    private IEnumerable<string> Warnings(SpeechInput input, SpeechFieldNames names)
    {
        if (input.ReferenceAudio is not null)
        {
            yield return $"'{names.ReferenceAudio}' was not used: this model speaks with preset voices; choose one with "
                + $"'{names.Voice}'.";
        }

        foreach (
            var (isGiven, name) in new[]
            {
                (input.Seed is not null, names.Seed),
                (input.CfgScale is not null, names.CfgScale),
                (input.InferenceSteps is not null, names.InferenceSteps),
            }
        )
        {
            if (isGiven && !synthesizer.IsDiffusionModel)
            {
                yield return $"'{name}' has no effect on the {synthesizer.Engine} engine.";
            }
        }
    }

    private string? CheckText(
        string? value,
        TextOptions preparation,
        string name,
        ICollection<SpeechProblem> problems,
        out int characters
    )
    {
        var expected = TextLengths;
        var text = value?.Trim();
        characters = 0;
        if (text is null)
        {
            Add(problems, name, $"is missing; give the words to speak, {expected}");
        }
        else if (text.Length == 0)
        {
            Add(problems, name, $"is empty or only white space, but must have {expected}");
        }
        else if ((characters = text.EnumerateRunes().Count()) > options.MaxTextCharacters)
        {
            Add(problems, TooLong(name, characters));
        }
        else
        {
            CheckPreparation(text, preparation, name, problems);
        }

        return text;
    }

    private static void CheckPreparation(
        string text,
        TextOptions preparation,
        string name,
        ICollection<SpeechProblem> problems
    )
    {
        try
        {
            if (SpeechText.Prepare(text, preparation).All(stretch => stretch.Text.Length == 0))
            {
                Add(
                    problems,
                    name,
                    "has nothing to speak beside pauses, marks and emoji that are taken out; give it words"
                );
            }
        }
        catch (PauseTooLongException exception)
        {
            var longest = preparation.LongestPause.TotalSeconds;
            Add(
                problems,
                name,
                Invariant(
                    $"has a pause of {exception.Found}, but {longest:0.###}s is the longest; use a shorter one, or several in a row"
                )
            );
        }
    }

    /// <summary>The voice of requests that name none.</summary>
    /// <exception cref="SettingsException">DEFAULT_VOICE is none of the engine's.</exception>
    public static VoiceInfo FindDefaultVoice(SpeechSettings options, VoiceCatalog catalog)
    {
        // A folder with one voice leaves no choice, so nobody must name it.
        if (catalog.Voices is [var only] && options.DefaultVoice == SpeechSettings.UsualVoice)
        {
            return only;
        }

        return catalog.Find(options.DefaultVoice, out var voice) is { } complaint
            ? throw new SettingsException($"DEFAULT_VOICE is '{options.DefaultVoice}', which {complaint}.")
            : voice!;
    }

    private VoiceInfo? CheckVoice(string? value, string name, ICollection<SpeechProblem> problems)
    {
        if (value is null)
        {
            return _defaultVoice;
        }

        if (synthesizer.Voices.Find(value, out var voice) is { } complaint)
        {
            Add(problems, name, $"is '{Quote.Short(value)}', which {complaint}");
        }

        return voice;
    }

    private static AudioFormat? CheckFormat(string? value, string name, ICollection<SpeechProblem> problems)
    {
        AudioFormat? format = AudioFormat.Mp3;
        if (value is not null && !AudioFormat.TryParse(value, out format))
        {
            Add(problems, name, $"is '{Quote.Short(value)}', but must be one of {AudioFormat.Names}");
        }

        return format;
    }

    private void CheckReferenceAudio(string? value, string name, ICollection<SpeechProblem> problems)
    {
        if (value is not null && ReferenceAudio.Check(value, options.MaxReferenceAudioBytes) is { } complaint)
        {
            Add(problems, name, complaint);
        }
    }

    private static void CheckNumber(double? value, NumberRange range, string name, ICollection<SpeechProblem> problems)
    {
        if (value is { } number && !range.Contains(number))
        {
            Add(problems, name, Invariant($"is {number}, but must be {range}"));
        }
    }

    private static void Add(ICollection<SpeechProblem> problems, string name, string complaint) =>
        Add(problems, SpeechProblem.Of(name, complaint));

    private static void Add(ICollection<SpeechProblem> problems, SpeechProblem problem)
    {
        // A field whose type was already wrong reads as not given; one complaint about it is enough.
        if (problems.All(other => other.Field != problem.Field))
        {
            problems.Add(problem);
        }
    }
}
