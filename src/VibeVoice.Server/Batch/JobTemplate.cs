using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Batch;

/// <summary>The input that all jobs of a batch share but for their text.</summary>
/// <param name="Speech">Voice, numbers and preparation; null where the endpoint's defaults are meant.</param>
/// <param name="Format">Of the parts.</param>
internal sealed record JobTemplate(SpeechInput Speech, AudioFormat Format)
{
    public double Speed => Speech.Speed ?? 1;

    /// <summary>The <c>input</c> of the job that speaks a text.</summary>
    public JsonObject Input(string text)
    {
        var names = SpeechFieldNames.Job;
        var input = new JsonObject { [names.Text] = text, [names.Format] = Format.Name };
        Add(names.Voice, Speech.Voice);
        Add(names.Speed, Speech.Speed);
        Add(names.Seed, (long?)Speech.Seed);
        Add(names.CfgScale, Speech.CfgScale);
        Add(names.InferenceSteps, (long?)Speech.InferenceSteps);
        Add("remove_markdown", Speech.RemoveMarkdown);
        Add("remove_emoji", Speech.RemoveEmoji);
        return input;

        void Add<T>(string name, T? value)
        {
            if (value is not null)
            {
                input[name] = JsonValue.Create(value);
            }
        }
    }

    /// <summary>Whether a text has a letter or a digit once it is prepared as asked: an engine has no sound for others.</summary>
    public bool HasWords(string text)
    {
        var preparation = new TextOptions
        {
            RemoveMarkdown = Speech.RemoveMarkdown ?? false,
            RemoveEmoji = Speech.RemoveEmoji ?? false,
        };
        try
        {
            return SpeechText
                .Prepare(text, preparation)
                .Any(stretch => stretch.Text.EnumerateRunes().Any(Rune.IsLetterOrDigit));
        }
        catch (PauseTooLongException)
        {
            return true; // the worker's limit decides, and its refusal names the pause
        }
    }

    /// <summary>A name for the audio that a text becomes: another text, voice or number, another name.</summary>
    public string KeyOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Input(text).ToJsonString())))[..32];
}
