using System.Text.Json.Serialization;
using VibeVoice.Server.Installation;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Operations;

/// <summary>What operators ask: is it well, what is it, and how is it doing.</summary>
internal static class OperationsEndpoints
{
    public static void MapOperations(
        this IEndpointRouteBuilder routes,
        ServerState state,
        ServerMetrics metrics,
        ISynthesizer synthesizer,
        SpeechSettings settings,
        HttpOptions options
    )
    {
        const string json = "application/json";
        routes
            .MapGet("/health/live", () => Health("live", isWell: true))
            .WithSummary("Whether the server runs.")
            .Produces<HealthAnswer>(StatusCodes.Status200OK, json)
            .WithMetadata(RouteAccess.Health);
        routes
            .MapGet(
                "/health/ready",
                () => Health(state.Phase.ToString().ToLowerInvariant(), state.Phase == ServerPhase.Ready)
            )
            .WithSummary("Whether it can speak.")
            .Produces<HealthAnswer>(StatusCodes.Status200OK, json)
            .Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable, json)
            .WithMetadata(RouteAccess.Health);
        routes
            .MapGet(
                "/version",
                () => Results.Json(VersionAnswer.Of(synthesizer, settings), OperationsJson.Default.VersionAnswer)
            )
            .WithSummary("What is deployed.")
            .Produces<VersionAnswer>(StatusCodes.Status200OK, json)
            .ProducesErrors(401);
        routes
            .MapGet(
                "/metrics",
                // As a delegate, which the OpenAPI document knows.
                (Delegate)(
                    (HttpContext http) =>
                    {
                        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                        return metrics.WriteAsync(http.Response.Body, http.RequestAborted);
                    }
                )
            )
            .WithSummary("Figures for Prometheus.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesErrors(401)
            .WithMetadata(new RouteAccess(options.OpenMetrics));
    }

    private static IResult Health(string status, bool isWell) =>
        Results.Json(
            new HealthAnswer(status),
            OperationsJson.Default.HealthAnswer,
            statusCode: isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable
        );
}

/// <param name="Status">live; or loading, ready, draining.</param>
internal sealed record HealthAnswer(string Status);

/// <summary>What is deployed, and what it may be asked for.</summary>
internal sealed record VersionAnswer(
    string Version,
    string Engine,
    string Model,
    string? Device,
    string? Precision,
    SpeechOffer Speech
)
{
    public static VersionAnswer Of(ISynthesizer synthesizer, SpeechSettings settings)
    {
        var computing = synthesizer.IsLoaded ? synthesizer.Computing : null;
        return new VersionAnswer(
            ProgramVersion.Current,
            synthesizer.Engine,
            synthesizer.Model,
            computing?.Device,
            computing?.Precision,
            SpeechOffer.Of(synthesizer, settings)
        );
    }
}

/// <summary>JSON of these answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
internal sealed partial class OperationsJson : JsonSerializerContext;
