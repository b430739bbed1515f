using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Voices;

namespace VibeVoice.Server.Http.Lists;

/// <summary><c>GET /v1/audio/voices</c>: every voice, and the names of OpenAI's that stand for one.</summary>
internal static class VoiceEndpoints
{
    public static void MapVoices(this IEndpointRouteBuilder routes, ISynthesizer synthesizer, HttpOptions options) =>
        routes
            .MapGet("/v1/audio/voices", () => Results.Json(List(synthesizer), HttpJson.Default.VoiceList))
            .WithSummary("Every voice, and the names of OpenAI's that stand for one.")
            .Produces<VoiceList>(StatusCodes.Status200OK, "application/json")
            .ProducesErrors(401)
            .WithMetadata(new RouteAccess(options.OpenLists));

    public static VoiceList List(ISynthesizer synthesizer)
    {
        var known = synthesizer.Voices.Voices;
        var aliases =
            from alias in PublishedVoices.Aliases
            from voice in known
            where voice.Name == alias.Value
            select VoiceEntry.Of(alias.Key, voice, synthesizer);
        VoiceEntry[] voices = [.. known.Select(voice => VoiceEntry.Of(voice.Name, voice, synthesizer)), .. aliases];
        return new VoiceList("list", voices, voices);
    }
}

/// <summary>A list as OpenAI writes them and, under <c>voices</c>, what OpenWebUI and others read.</summary>
internal sealed record VoiceList(string Object, IReadOnlyList<VoiceEntry> Data, IReadOnlyList<VoiceEntry> Voices);

/// <summary>A voice, or another name for one.</summary>
/// <param name="Id">What a request names.</param>
/// <param name="Object">Always "audio.voice".</param>
/// <param name="Name">For people.</param>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Gender">man, woman or unknown.</param>
/// <param name="Engine">What speaks.</param>
/// <param name="IsExperimental">The checkpoint is made for English.</param>
/// <param name="AliasOf">The voice that the id stands for.</param>
internal sealed record VoiceEntry(
    string Id,
    string Object,
    string Name,
    string Language,
    string Gender,
    string Engine,
    bool IsExperimental,
    string? AliasOf
)
{
    public static VoiceEntry Of(string id, VoiceInfo voice, ISynthesizer synthesizer) =>
        new(
            id,
            "audio.voice",
            id == voice.Name ? id : $"{id} ({voice.Name})",
            voice.Language,
            voice.Gender.ToString().ToLowerInvariant(),
            synthesizer.Engine,
            voice.IsExperimental,
            id == voice.Name ? null : voice.Name
        );
}
