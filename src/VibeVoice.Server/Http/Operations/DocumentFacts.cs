using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using VibeVoice.Server.Http.Jobs;
using VibeVoice.Server.Http.Lists;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Http.Operations;

/// <summary>What the OpenAPI document cannot know from types alone: what this server takes, by its settings and its engine.</summary>
internal sealed class DocumentFacts(ISynthesizer synthesizer, SpeechSettings speech, JobOptions jobs, HttpOptions http)
{
    public void Apply(OpenApiDocument document)
    {
        foreach (
            var (name, longest) in new[]
            {
                (nameof(SpeechFields), speech.MaxTextCharacters),
                (nameof(JobBody), jobs.MaxTextCharacters),
            }
        )
        {
            if (document.Components?.Schemas?.TryGetValue(name, out var schema) is true)
            {
                Complete(schema.Properties!, longest);
            }
        }
    }

    private void Complete(IDictionary<string, IOpenApiSchema> fields, int longest)
    {
        var input = (OpenApiSchema)fields["input"];
        (input.MinLength, input.MaxLength) = (1, longest);
        Choose(fields, "response_format", AudioFormat.All.Select(format => format.Name));
        Choose(fields, "stream_format", ["audio", "sse"]);
        if (!http.AcceptAnyModel)
        {
            Choose(fields, "model", ModelEndpoints.Names(synthesizer));
        }

        var seed = (OpenApiSchema)fields["seed"];
        (seed.Minimum, seed.Maximum) = ("0", $"{SpeechLimits.MaxSeed}");
        fields["voice"] = Voice(fields["voice"].Description);
    }

    private OpenApiSchema Voice(string? description)
    {
        var names = synthesizer.Voices.Voices.Select(voice => voice.Name).ToList();
        var aliases = PublishedVoices.Aliases.Where(alias => names.Contains(alias.Value)).Select(alias => alias.Key);
        JsonNode[] known = [.. names.Concat(aliases).Select(name => JsonValue.Create(name))];
        return new OpenApiSchema
        {
            Description = description,
            AnyOf =
            [
                new OpenApiSchema { Type = JsonSchemaType.String, Enum = known },
                new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string>(StringComparer.Ordinal) { "id" },
                    Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                    {
                        ["id"] = new OpenApiSchema
                        {
                            Type = JsonSchemaType.String,
                            Enum = [.. known.Select(name => name.DeepClone())],
                        },
                    },
                },
                new OpenApiSchema { Type = JsonSchemaType.Null },
            ],
        };
    }

    /// <summary>One of these, or null, which counts as not given.</summary>
    private static void Choose(IDictionary<string, IOpenApiSchema> fields, string name, IEnumerable<string> values)
    {
        if (fields.TryGetValue(name, out var field))
        {
            ((OpenApiSchema)field).Enum =
            [
                .. values.Select(value => JsonValue.Create(value)),
                JsonNullSentinel.JsonNull,
            ];
        }
    }
}
