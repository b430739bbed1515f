using System.Text.Json;
using System.Text.Json.Serialization;
using Scalar.AspNetCore;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Http.Operations;

/// <summary><c>/openapi.json</c> and, to read it, <c>/docs</c>: all of it from this server, nothing from anywhere else.</summary>
internal static class Documentation
{
    private const string Document = "/openapi.json";

    public static void AddDocumentation(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // a number in quotes is refused
        });
        services.AddSingleton<DocumentFacts>();
        services.AddOpenApi(openApi =>
            openApi.AddDocumentTransformer(
                (document, context, _) =>
                {
                    context.ApplicationServices.GetRequiredService<DocumentFacts>().Apply(document);
                    document.Info = new()
                    {
                        Title = "vibevoice",
                        Version = ProgramVersion.Number,
                        Description = "OpenAI's speech API, spoken by VibeVoice. All audio is AI-generated.",
                    };
                    return Task.CompletedTask;
                }
            )
        );
    }

    public static void MapDocumentation(this IEndpointRouteBuilder routes, HttpOptions options)
    {
        var access = new RouteAccess(options.OpenDocs);
        routes.MapOpenApi(Document).WithMetadata(access);
        routes
            .MapScalarApiReference(
                "/docs",
                scalar =>
                {
                    scalar.WithOpenApiRoutePattern(Document).WithTitle("vibevoice");
                    scalar.DefaultFonts = false; // they would come from its maker's server
                }
            )
            .WithMetadata(access);
    }
}
