using System.Net;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Testing.S3;

/// <summary>
/// A bucket that keeps versions, as Backblaze's always do: a delete without a version only adds a marker. In memory,
/// one bucket, no multipart uploads; what it does is what S3's documentation says.
/// </summary>
public sealed class VersionedBucket : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Lock _lock = new();
    private readonly List<Version> _versions = [];
    private readonly List<string> _operations = [];
    private int _lastId;

    private VersionedBucket()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(HandleAsync);
    }

    public Uri Url => new(_application.Urls.Single());

    /// <summary>Entries a page of a listing holds.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>What is stored, markers too: "key#version" or "key#version (marker)".</summary>
    public IReadOnlyList<string> Stored
    {
        get
        {
            lock (_lock)
            {
                return [.. _versions.Select(v => $"{v.Key}#{v.Id}{(v.IsMarker ? " (marker)" : "")}")];
            }
        }
    }

    public IReadOnlyList<string> Operations
    {
        get
        {
            lock (_lock)
            {
                return [.. _operations];
            }
        }
    }

    public static async Task<VersionedBucket> StartAsync(CancellationToken cancellationToken)
    {
        var bucket = new VersionedBucket();
        await bucket._application.StartAsync(cancellationToken);
        return bucket;
    }

    /// <summary>Stores a version, or a marker, of a given age.</summary>
    public void Add(string key, DateTime lastModified, long bytes = 100, bool isMarker = false)
    {
        lock (_lock)
        {
            _versions.Add(new Version(key, $"v{++_lastId}", isMarker ? 0 : bytes, lastModified, isMarker));
        }
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var request = await S3Request.ReadAsync(context.Request);
        string xml;
        lock (_lock)
        {
            _operations.Add(request.Operation);
            xml = Answer(request, context.Response).ToString();
        }

        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(xml, context.RequestAborted);
    }

    private XElement Answer(S3Request request, HttpResponse response)
    {
        var versionId = request.Query.GetValueOrDefault("versionId");
        switch (request.Operation)
        {
            case "GetBucketVersioning":
                return new XElement("VersioningConfiguration", new XElement("Status", "Enabled"));
            case "ListObjectVersions":
                return ListVersions(request);
            case "PutObject":
                Add(request.Key, DateTime.UtcNow, request.Body.Length);
                response.Headers["x-amz-version-id"] = _versions[^1].Id;
                return new XElement("Ok");
            case "DeleteObject" when versionId is null:
                Add(request.Key, DateTime.UtcNow, isMarker: true);
                response.Headers["x-amz-delete-marker"] = "true";
                response.Headers["x-amz-version-id"] = _versions[^1].Id;
                return new XElement("Ok");
            case "DeleteObject":
                _versions.RemoveAll(version => Same(version.Key, request.Key) && Same(version.Id, versionId));
                return new XElement("Ok");
            case "DeleteObjects":
                foreach (var one in XDocument.Parse(request.Text).Root!.Elements().Where(e => Is(e, "Object")))
                {
                    var key = one.Elements().Single(e => Is(e, "Key")).Value;
                    var id = one.Elements().Single(e => Is(e, "VersionId")).Value;
                    _versions.RemoveAll(version => Same(version.Key, key) && Same(version.Id, id));
                }

                return new XElement("DeleteResult");
            case "ListMultipartUploads":
                return new XElement("ListMultipartUploadsResult", new XElement("IsTruncated", "false"));
            default:
                response.StatusCode = 501;
                return XElement.Parse(S3Fault.Refusal(501, "NotImplemented").Xml);
        }
    }

    private XElement ListVersions(S3Request request)
    {
        var prefix = request.Query.GetValueOrDefault("prefix", "");
        var (keyMarker, idMarker) = (
            request.Query.GetValueOrDefault("key-marker", ""),
            request.Query.GetValueOrDefault("version-id-marker", "")
        );
        var rest = _versions
            .Where(version => version.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(version => version.Key, StringComparer.Ordinal)
            .ThenByDescending(version => version.Number)
            .Where(version => IsAfter(version, keyMarker, idMarker))
            .ToList();
        var page = rest.Take(PageSize).ToList();
        var isTruncated = rest.Count > page.Count;
        return new XElement(
            "ListVersionsResult",
            new XElement("IsTruncated", isTruncated ? "true" : "false"),
            isTruncated ? new XElement("NextKeyMarker", page[^1].Key) : null,
            isTruncated ? new XElement("NextVersionIdMarker", page[^1].Id) : null,
            page.Select(version => new XElement(
                version.IsMarker ? "DeleteMarker" : "Version",
                new XElement("Key", version.Key),
                new XElement("VersionId", version.Id),
                new XElement("LastModified", version.LastModified.ToUniversalTime()),
                version.IsMarker ? null : new XElement("Size", version.Bytes)
            ))
        );
    }

    private static bool IsAfter(Version version, string keyMarker, string idMarker) =>
        string.CompareOrdinal(version.Key, keyMarker) switch
        {
            > 0 => true,
            0 => idMarker.Length > 0 && version.Number < Version.NumberOf(idMarker),
            _ => false,
        };

    private static bool Is(XElement element, string name) => Same(element.Name.LocalName, name);

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.Ordinal);

    private sealed record Version(string Key, string Id, long Bytes, DateTime LastModified, bool IsMarker)
    {
        public int Number => NumberOf(Id);

        public static int NumberOf(string id) =>
            int.Parse(id.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
    }
}
