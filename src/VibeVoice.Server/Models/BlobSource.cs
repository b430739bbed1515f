using System.Net;
using System.Net.Http.Headers;

namespace VibeVoice.Server.Models;

/// <summary>The content of one file, wherever the hub's redirect says that it is. Thread-safe.</summary>
internal sealed class BlobSource(HubClient client, HubId id, string commit, HubFile file)
{
    private const int MaximumRedirects = 5;

    private Uri? _store;

    public HubFile File => file;

    public HubRetry Retry => client.Retry;

    /// <summary>Whether an answer showed that the server knows no ranges.</summary>
    public bool IgnoresRanges { get; private set; }

    /// <summary>Asks for the bytes from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    /// <returns>The answer, and the offset in the file at which its body begins.</returns>
    public async Task<(HttpResponseMessage Response, long Offset)> OpenAsync(
        long start,
        long end,
        CancellationToken cancellationToken
    )
    {
        var range = end > start ? new RangeHeaderValue(start, end - 1) : null;
        // Signed, and good for some minutes: asked for once, not for every range.
        var known = _store;
        var url = known ?? client.ContentUrl(id, commit, file.Path);
        for (var redirects = 0; redirects <= MaximumRedirects; redirects++)
        {
            var response = await client.SendAsync(HttpMethod.Get, url, range, cancellationToken);
            if (HubClient.RedirectOf(response) is { } target)
            {
                response.Dispose();
                url = target;
                continue;
            }

            try
            {
                var offset = Check(response, start, known is not null && !client.IsHub(url));
                _store = client.IsHub(url) ? null : url;
                return (response, offset);
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }

        throw new HubFailure($"{url.Host} redirects in circles when asked for '{file.Path}' of '{id}'.");
    }

    private long Check(HttpResponseMessage response, long start, bool isOldAddress)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent:
                var range = response.Content.Headers.ContentRange;
                return range is { From: { } from } && from == start && (range.Length ?? file.Bytes) == file.Bytes
                    ? start
                    : throw new HubFailure(
                        $"The server of '{file.Path}' sent the range '{range}', but bytes from {start} of {file.Bytes} were asked for."
                    );
            case HttpStatusCode.OK:
                IgnoresRanges = true;
                return 0;
            case < HttpStatusCode.InternalServerError when isOldAddress:
                _store = null;
                throw new HubFailure($"The address of '{file.Path}' expired.") { IsTransient = true };
            default:
                throw client.Failure(response, id);
        }
    }
}
