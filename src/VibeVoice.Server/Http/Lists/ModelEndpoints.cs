using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Lists;

/// <summary><c>GET /v1/models</c> and its like: the engine's model, and OpenAI's names for it, which clients ask for.</summary>
internal static class ModelEndpoints
{
    /// <summary>Names that clients of OpenAI's API send; all of them are the one model.</summary>
    private static readonly string[] _aliases = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"];

    public static void MapModels(this IEndpointRouteBuilder routes, ISynthesizer synthesizer, HttpOptions options)
    {
        var access = new RouteAccess(options.OpenLists);
        foreach (var path in new[] { "/v1/models", "/v1/audio/models" })
        {
            routes
                .MapGet(path, () => Answer(synthesizer))
                .WithSummary("The model, and OpenAI's names for it.")
                .Produces<ModelList>(StatusCodes.Status200OK, "application/json")
                .ProducesErrors(401)
                .WithMetadata(access);
        }

        routes
            .MapGet(
                "/v1/models/{**id}",
                (string id) => Results.Json(Find(synthesizer, id), HttpJson.Default.ModelEntry)
            )
            .WithSummary("One of them.")
            .Produces<ModelEntry>(StatusCodes.Status200OK, "application/json")
            .ProducesErrors(401, 404)
            .WithMetadata(access);
    }

    /// <summary>Every name under which the model may be asked for.</summary>
    public static IEnumerable<string> Names(ISynthesizer synthesizer) => _aliases.Prepend(synthesizer.Model);

    public static ModelEntry Find(ISynthesizer synthesizer, string id) =>
        Names(synthesizer).Contains(id, StringComparer.Ordinal)
            ? ModelEntry.Of(id, synthesizer)
            : throw ApiException.NoModel(id, Names(synthesizer));

    public static ModelList List(ISynthesizer synthesizer)
    {
        ModelEntry[] models = [.. Names(synthesizer).Select(name => ModelEntry.Of(name, synthesizer))];
        return new ModelList("list", models, models);
    }

    private static IResult Answer(ISynthesizer synthesizer) =>
        Results.Json(List(synthesizer), HttpJson.Default.ModelList);
}

/// <summary>OpenAI's list and, under <c>models</c>, what OpenWebUI reads.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data, IReadOnlyList<ModelEntry> Models);

/// <summary>One model, or another name for it.</summary>
internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, string Name, string Engine)
{
    /// <summary>When it came to be is not known, and clients want a number.</summary>
    public static ModelEntry Of(string id, ISynthesizer synthesizer) =>
        new(id, "model", 0, "vibevoice", id, synthesizer.Engine);
}
