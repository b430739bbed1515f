using System.Text.Json.Nodes;

namespace VibeVoice.Server.Tests.Soak;

/// <summary>Jobs of all kinds, the same for the same seed.</summary>
internal sealed class SoakJobs(int seed)
{
    private const string Sentence = "The quick brown fox jumps over the lazy dog. ";

    private static readonly string[] Formats = ["mp3", "mp3", "mp3", "aac", "wav", "opus", "flac", "pcm"];
    private static readonly string[] Voices = ["en-Emma_woman", "en-Mike_man", "de-Spk0_man", "fr-Spk1_woman"];

    private readonly Random _random = new(seed);
    private int _count;

    public SoakJob Next()
    {
        var id = $"soak-{_count++}";
        var kind = _random.Next(100);
        var input = new JsonObject
        {
            // One in twelve is long enough for an upload in parts where it is wav or pcm.
            ["text"] = string.Concat(Enumerable.Repeat(Sentence, _random.Next(12) == 0 ? 60 : _random.Next(1, 8))),
            ["output_format"] = Formats[_random.Next(Formats.Length)],
            ["voice_key"] = Voices[_random.Next(Voices.Length)],
            ["stream"] = kind is >= 5 and < 20,
        };
        if (_random.Next(5) == 0)
        {
            input["speed"] = 1.5;
        }

        if (kind < 5)
        {
            input["speed"] = 99; // refused by the worker
        }

        TimeSpan? stopAfter = _random.Next(8) == 0 ? TimeSpan.FromMilliseconds(_random.Next(1500)) : null;
        return new SoakJob(id, input.ToJsonString(), stopAfter);
    }
}

/// <param name="Id">Unique.</param>
/// <param name="Input">JSON.</param>
/// <param name="StopAfter">When its client gives it up, from the moment it is queued; null: never.</param>
internal sealed record SoakJob(string Id, string Input, TimeSpan? StopAfter);
