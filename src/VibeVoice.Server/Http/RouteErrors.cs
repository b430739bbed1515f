namespace VibeVoice.Server.Http;

/// <summary>Tells the OpenAPI document of errors.</summary>
internal static class RouteErrors
{
    /// <summary>The errors that a route answers with, in OpenAI's shape.</summary>
    public static RouteHandlerBuilder ProducesErrors(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<ErrorBody>(status, "application/json");
        }

        return route;
    }
}
