using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>Where jobs are made and asked for.</summary>
internal static class JobRoutes
{
    public const string Path = "/v1/audio/jobs";

    public static void AddJobs(this IServiceCollection services) =>
        services
            .AddSingleton<JobTools>()
            .AddSingleton<JobRunner>()
            .AddSingleton<JobBodyReader>()
            .AddSingleton<JobEndpoint>();

    public static void MapJobs(this IEndpointRouteBuilder routes, JobEndpoint endpoint, SpeechRates rates)
    {
        const string json = "application/json";
        string[] others = [.. AudioFormat.All.Skip(1).Select(format => format.ContentType)];
        // As delegates, which the OpenAPI document knows.
        routes
            .MapPost(Path, (Delegate)endpoint.PostAsync)
            .AddEndpointFilter(rates.FilterAsync)
            .WithSummary("Makes a job of a long text, which any worker goes on with.")
            .Accepts<JobBody>(json)
            .Produces<JobResource>(StatusCodes.Status200OK, json)
            .Produces<JobResource>(StatusCodes.Status202Accepted, json)
            .ProducesErrors(400, 401, 404, 409, 413, 415, 429, 500, 503);
        routes
            .MapGet($"{Path}/{{id}}", (Delegate)endpoint.GetAsync)
            .WithSummary("Tells how far a job is, and where its audio is.")
            .Produces<JobResource>(StatusCodes.Status200OK, json)
            .ProducesErrors(401, 404, 500, 503);
        routes
            .MapGet($"{Path}/{{id}}/audio", (Delegate)endpoint.GetAudioAsync)
            .WithSummary("The audio of a job that is done, or the way to it in the bucket.")
            .Produces<Stream>(StatusCodes.Status200OK, AudioFormat.Mp3.ContentType, others)
            .Produces<Stream>(StatusCodes.Status206PartialContent, AudioFormat.Mp3.ContentType, others)
            .Produces(StatusCodes.Status302Found)
            .ProducesErrors(401, 404, 409, 416, 500, 503);
        routes
            .MapDelete($"{Path}/{{id}}", (Delegate)endpoint.DeleteAsync)
            .WithSummary("Stops a job and deletes all that is kept of it.")
            .Produces<DeletedJob>(StatusCodes.Status200OK, json)
            .ProducesErrors(401, 404, 500, 503);
    }
}
