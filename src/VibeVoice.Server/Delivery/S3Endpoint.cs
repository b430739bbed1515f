using System.Text.RegularExpressions;

namespace VibeVoice.Server.Delivery;

/// <summary>
/// What the address of an S3 service tells: the service itself, a bucket written into its host or path, and the
/// region that signatures must name.
/// </summary>
/// <param name="ServiceUrl">The address without the bucket.</param>
/// <param name="Bucket">The bucket that was found in the host or the path.</param>
/// <param name="Region">The region the host names, <c>us-east-1</c> where it names none.</param>
internal sealed partial record S3Endpoint(Uri ServiceUrl, string? Bucket, string Region)
{
    private const string DefaultRegion = "us-east-1";

    // Hosts of the form s3.{region}.{suffix}.
    private static readonly string[] _regionAfterS3 =
    [
        "backblazeb2.com",
        "wasabisys.com",
        "scw.cloud",
        "idrivee2.com",
        "cloud.ovh.net",
    ];

    // Hosts of the form {region}.{suffix}.
    private static readonly string[] _regionFirst =
    [
        "digitaloceanspaces.com",
        "linodeobjects.com",
        "vultrobjects.com",
        "your-objectstorage.com",
        "contabostorage.com",
    ];

    /// <summary>Reads an address.</summary>
    /// <param name="url">An absolute http or https URL.</param>
    /// <param name="bucketName">The bucket's name where it is set: it tells which part of the address is the bucket.</param>
    public static S3Endpoint Parse(Uri url, string? bucketName)
    {
        var (bucketInHost, serviceHost, region) = ParseHost(url, bucketName);
        var segments = url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).ToList();
        var bucket = bucketInHost;
        if (
            segments.Count > 0
            && bucketName is not null
            && string.Equals(Uri.UnescapeDataString(segments[^1]), bucketName, StringComparison.Ordinal)
        )
        {
            bucket = bucketName;
            segments.RemoveAt(segments.Count - 1);
        }
        else if (segments.Count == 1 && bucketName is null && bucketInHost is null)
        {
            bucket = Uri.UnescapeDataString(segments[0]);
            segments.Clear();
        }

        var service = new UriBuilder(url.Scheme, serviceHost, url.IsDefaultPort ? -1 : url.Port)
        {
            Path = string.Join('/', segments),
        };
        return new S3Endpoint(service.Uri, bucket, region);
    }

    private static (string? Bucket, string ServiceHost, string Region) ParseHost(Uri url, string? bucketName)
    {
        // UriBuilder wants an IPv6 address in its brackets.
        var host = url.HostNameType is UriHostNameType.IPv6 ? url.Host : url.IdnHost;
        if (url.HostNameType is not UriHostNameType.Dns)
        {
            return (null, host, DefaultRegion);
        }

        var labels = host.TrimEnd('.').Split('.');
        var (bucketLabels, region) =
            ParseAmazon(labels)
            ?? ParseCloudflare(labels)
            ?? ParseRegionAfterS3(labels)
            ?? ParseRegionFirst(labels)
            ?? ParseUnknown(labels, bucketName);
        return (
            bucketLabels == 0 ? null : string.Join('.', labels[..bucketLabels]),
            string.Join('.', labels[bucketLabels..]),
            region
        );
    }

    private static (int BucketLabels, string Region)? ParseAmazon(string[] labels)
    {
        if ((Before(labels, "amazonaws.com") ?? Before(labels, "amazonaws.com.cn")) is not { } names)
        {
            return null;
        }

        // s3, s3-eu-west-1, s3-fips, s3.dualstack: the last such label begins the service's own name.
        var service = Array.FindLastIndex(
            names,
            name => name is "s3" || name.StartsWith("s3-", StringComparison.Ordinal)
        );
        if (service < 0)
        {
            return (0, DefaultRegion);
        }

        var region = names[service..]
            .Select(name => name.StartsWith("s3-", StringComparison.Ordinal) ? name[3..] : name)
            .FirstOrDefault(name => RegionName().IsMatch(name));
        return (service, region ?? DefaultRegion);
    }

    // {bucket}.{account}.{jurisdiction}.r2.cloudflarestorage.com, where bucket and jurisdiction may be absent.
    private static (int BucketLabels, string Region)? ParseCloudflare(string[] labels)
    {
        if (Before(labels, "r2.cloudflarestorage.com") is not { } names)
        {
            return null;
        }

        var ownLabels = names.Length > 1 && names[^1] is "eu" or "fedramp" ? 2 : 1;
        return (Math.Max(0, names.Length - ownLabels), "auto");
    }

    private static (int BucketLabels, string Region)? ParseRegionAfterS3(string[] labels)
    {
        if (BeforeAny(labels, _regionAfterS3) is not { } names)
        {
            return null;
        }

        var service = Array.LastIndexOf(names, "s3");
        return service < 0 ? (0, DefaultRegion)
            : service + 1 < names.Length ? (service, names[service + 1])
            : (service, DefaultRegion);
    }

    private static (int BucketLabels, string Region)? ParseRegionFirst(string[] labels) =>
        BeforeAny(labels, _regionFirst) is { Length: > 0 } names ? (names.Length - 1, names[^1]) : null;

    private static (int BucketLabels, string Region) ParseUnknown(string[] labels, string? bucketName)
    {
        var bucketLabels = bucketName is null ? 0 : bucketName.Split('.').Length;
        // 'minio.example.com' with a bucket called 'minio' is a service, not a bucket in a host: what follows the
        // bucket must itself look like a storage service.
        if (
            bucketLabels == 0
            || labels.Length <= bucketLabels
            || !string.Equals(string.Join('.', labels[..bucketLabels]), bucketName, StringComparison.OrdinalIgnoreCase)
            || !ServiceName().IsMatch(labels[bucketLabels])
        )
        {
            bucketLabels = 0;
        }

        if (string.Join('.', labels[bucketLabels..]) is "storage.googleapis.com")
        {
            return (bucketLabels, "auto");
        }

        var service = Array.LastIndexOf(labels, "s3");
        var names = service >= 0 && service + 3 < labels.Length ? labels[(service + 1)..] : [];
        return (bucketLabels, names is [var name, ..] && RegionName().IsMatch(name) ? name : DefaultRegion);
    }

    private static string[]? BeforeAny(string[] labels, string[] suffixes) =>
        suffixes.Select(suffix => Before(labels, suffix)).FirstOrDefault(names => names is not null);

    /// <summary>The labels before <paramref name="suffix"/>; null where the host does not end with it.</summary>
    private static string[]? Before(string[] labels, string suffix)
    {
        var count = labels.Length - suffix.Split('.').Length;
        return count >= 0 && string.Equals(string.Join('.', labels[count..]), suffix, StringComparison.Ordinal)
            ? labels[..count]
            : null;
    }

    [GeneratedRegex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex RegionName();

    [GeneratedRegex(
        "^(s3(-.*)?|minio|storage|objects|localhost)$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        1000
    )]
    private static partial Regex ServiceName();
}
