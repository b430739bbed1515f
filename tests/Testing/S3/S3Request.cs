using Microsoft.AspNetCore.Http;

namespace Testing.S3;

/// <summary>A request as a store sees it.</summary>
/// <param name="Operation">What it asks for, by the name S3's documentation gives it.</param>
/// <param name="Key">The object's key; empty for requests about the bucket.</param>
/// <param name="Query">The query, decoded.</param>
/// <param name="Headers">The headers.</param>
/// <param name="Body">The whole body.</param>
public sealed record S3Request(
    string Operation,
    string Key,
    IReadOnlyDictionary<string, string> Query,
    IReadOnlyDictionary<string, string> Headers,
    ReadOnlyMemory<byte> Body
)
{
    /// <summary>The body as text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Body.Span);

    /// <summary>Reads a path-style request, body and all.</summary>
    public static async Task<S3Request> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        var parts = (request.Path.Value ?? "/").TrimStart('/').Split('/', 2);
        var key = parts.Length > 1 ? parts[1] : "";
        var query = request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);
        var headers = request.Headers.ToDictionary(
            pair => pair.Key,
            pair => pair.Value.ToString(),
            StringComparer.OrdinalIgnoreCase
        );
        return new S3Request(Name(request.Method, key, query), key, query, headers, body.ToArray());
    }

    private static string Name(string method, string key, Dictionary<string, string> query) =>
        (method, key.Length > 0) switch
        {
            ("PUT", true) => query.ContainsKey("uploadId") ? "UploadPart" : "PutObject",
            ("POST", true) => query.ContainsKey("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload",
            ("DELETE", true) => query.ContainsKey("uploadId") ? "AbortMultipartUpload" : "DeleteObject",
            ("GET", true) => "GetObject",
            ("HEAD", true) => "HeadObject",
            ("POST", false) when query.ContainsKey("delete") => "DeleteObjects",
            ("GET", false) when query.ContainsKey("uploads") => "ListMultipartUploads",
            ("GET", false) when query.ContainsKey("versioning") => "GetBucketVersioning",
            ("GET", false) when query.ContainsKey("versions") => "ListObjectVersions",
            ("GET", false) => "ListObjects",
            _ => method,
        };
}
