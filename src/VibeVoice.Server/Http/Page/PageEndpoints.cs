namespace VibeVoice.Server.Http.Page;

/// <summary><c>GET /</c>: the page on which people type a text and hear it. It needs no key; what it asks the server for may.</summary>
internal static class PageEndpoints
{
    private const string Index = "index.html";

    private static readonly string[] _methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Nothing but files of this server, and none of its pages inside another's. Audio that was made is a blob of the browser's.
    /// </summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void MapPage(this IEndpointRouteBuilder routes)
    {
        foreach (var file in PageFiles.Read())
        {
            routes
                .MapMethods(file.Name == Index ? "/" : $"/page/{file.Name}", _methods, http => AnswerAsync(http, file))
                .WithMetadata(new RouteAccess(IsOpen: true))
                .ExcludeFromDescription();
        }
    }

    private static Task AnswerAsync(HttpContext http, PageFile file)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache"; // kept, and asked for by its tag each time
        return Results.Bytes(file.Bytes, file.ContentType, entityTag: file.Tag).ExecuteAsync(http);
    }
}
