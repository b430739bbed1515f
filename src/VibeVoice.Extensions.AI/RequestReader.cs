using System.Globalization;
using System.Numerics;
using Microsoft.Extensions.AI;

namespace VibeVoice.Extensions.AI;

/// <summary>Reads the options of a request, and refuses what the model cannot do.</summary>
internal sealed class RequestReader
{
    private readonly ITextToSpeechClient _client;
    private readonly Dictionary<string, ModelVoice> _voices = new(StringComparer.OrdinalIgnoreCase);
    private readonly ModelVoice _defaultVoice;
    private readonly string? _modelId;

    public RequestReader(ITextToSpeechClient client, IReadOnlyList<ModelVoice> voices, string? modelId)
    {
        if (voices.Count == 0)
        {
            throw new ArgumentException("There is no voice; load one with VibeVoiceModel.LoadVoice.", nameof(voices));
        }

        foreach (var voice in voices)
        {
            if (!_voices.TryAdd(voice.Name, voice))
            {
                throw new ArgumentException($"Two voices are called '{voice.Name}'.", nameof(voices));
            }
        }

        _client = client;
        _defaultVoice = voices[0];
        _modelId = modelId;
    }

    public SpeechRequest Read(TextToSpeechOptions? options)
    {
        if (options?.ModelId is { } model && !string.Equals(model, _modelId, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The model '{model}' was asked for, but this client speaks with '{_modelId ?? "a model without a name"}'.",
                nameof(options)
            );
        }

        RefuseUnlessOne(options?.Speed, nameof(options.Speed));
        RefuseUnlessOne(options?.Pitch, nameof(options.Pitch));
        RefuseUnlessOne(options?.Volume, nameof(options.Volume));
        if (options?.Language is { } language)
        {
            throw new NotSupportedException(
                $"The language '{language}' was asked for, but the voice and the text decide it; leave Language unset, "
                    + "and choose a voice of that language."
            );
        }

        return new SpeechRequest(
            Guid.NewGuid().ToString("N"),
            VoiceOf(options),
            SpeakOptionsOf(options),
            SpeechFormat.Parse(options?.AudioFormat)
        );
    }

    private ModelVoice VoiceOf(TextToSpeechOptions? options)
    {
        if (options?.VoiceId is not { } name)
        {
            return _defaultVoice;
        }

        return _voices.TryGetValue(name, out var voice)
            ? voice
            : throw new ArgumentException(
                $"There is no voice '{name}'; there are {string.Join(", ", _voices.Keys.Select(known => $"'{known}'"))}.",
                nameof(options)
            );
    }

    private SpeakOptions SpeakOptionsOf(TextToSpeechOptions? options)
    {
        var given = options?.RawRepresentationFactory?.Invoke(_client) as SpeakOptions ?? new SpeakOptions();
        return given with
        {
            Seed = Number<ulong>(options, "seed") ?? given.Seed,
            Guidance = Number<float>(options, "guidance") ?? given.Guidance,
            DiffusionSteps = Number<int>(options, "steps") ?? given.DiffusionSteps,
        };
    }

    private static void RefuseUnlessOne(float? value, string name)
    {
        if (value is { } asked and not 1)
        {
            throw new NotSupportedException(
                $"{name} is {asked.ToString(CultureInfo.InvariantCulture)}, but the model speaks at its own; leave it at 1 or "
                    + "unset, and change the audio afterwards."
            );
        }
    }

    /// <summary>A number of any type, or one that came as JSON; null where it is not set.</summary>
    private static T? Number<T>(TextToSpeechOptions? options, string name)
        where T : struct, INumber<T>
    {
        if (options?.AdditionalProperties?.TryGetValue(name, out var value) is not true || value is null)
        {
            return null;
        }

        var text = Convert.ToString(value, CultureInfo.InvariantCulture);
        return T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException(
                $"'{name}' is '{text}', but must be a number that fits {typeof(T).Name}.",
                nameof(options)
            );
    }
}
