using System.Net;
using RunPod.Worker.Protocol;

namespace RunPod.Worker;

/// <summary>
/// Downloads files whose URLs come from strangers: http and https only, public addresses only, every redirect looked at
/// anew, and no more bytes than allowed. Proxies of the environment are not used, since they would hide the address.
/// Thread-safe.
/// </summary>
public sealed class FileDownloader
{
    private const int MostRedirects = 5;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private readonly DownloadOptions _options;
    private readonly TimeProvider _timeProvider;

    /// <summary>Prepares downloads.</summary>
    /// <param name="options">What is allowed; null: the defaults.</param>
    /// <param name="timeProvider">The clock; null: the system's.</param>
    /// <exception cref="ArgumentException">An option cannot work.</exception>
    public FileDownloader(DownloadOptions? options = null, TimeProvider? timeProvider = null)
    {
        _options = options ?? new DownloadOptions();
        _timeProvider = timeProvider ?? TimeProvider.System;
        if (_options.FindProblems() is [var problem, ..])
        {
            throw new ArgumentException(problem, nameof(options));
        }
    }

    /// <summary>Downloads a file under a name of its own; a failure leaves nothing behind.</summary>
    /// <param name="url">An absolute http or https URL.</param>
    /// <param name="folder">Where the file goes; it must exist.</param>
    /// <param name="cancellationToken">Gives the download up.</param>
    /// <exception cref="DownloadRejectedException">The URL must not be downloaded; never tried again.</exception>
    /// <exception cref="HttpRequestException">It could not be had, also after more tries.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public async Task<DownloadedFile> DownloadAsync(
        Uri url,
        string folder,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(folder);
        using var client = NewClient();
        var backoff = new Backoff(FirstWait, TimeSpan.FromSeconds(10));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryAsync(client, url, folder, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException e) when (e.InnerException is DownloadRejectedException rejected)
            {
                throw new DownloadRejectedException(rejected.Message);
            }
            catch (HttpRequestException e) when (attempt < _options.Attempts && MayPass(e.StatusCode))
            {
                await Task.Delay(backoff.Next(), _timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool MayPass(HttpStatusCode? status) =>
        status is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= (HttpStatusCode)500;

    private HttpMessageInvoker NewClient() =>
        new(
            new SocketsHttpHandler
            {
                ConnectCallback = new GuardedConnection(_options.AllowsPrivateAddresses).ConnectAsync,
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = null,
            }
        );

    private async Task<DownloadedFile> TryAsync(
        HttpMessageInvoker client,
        Uri url,
        string folder,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(_options.Limit, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await AskAsync(client, url, either.Token).ConfigureAwait(false);
            return await SaveAsync(response, folder, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"'{url}' took too long to download.", e);
        }
    }

    /// <summary>Asks, and follows redirects by hand: each may lead somewhere else.</summary>
    private static async Task<HttpResponseMessage> AskAsync(
        HttpMessageInvoker client,
        Uri url,
        CancellationToken cancellationToken
    )
    {
        var next = url;
        for (var redirects = 0; redirects <= MostRedirects; redirects++)
        {
            if (!next.IsAbsoluteUri || next.Scheme is not ("http" or "https"))
            {
                throw new DownloadRejectedException($"'{next}' is no http or https URL.");
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, next);
            request.Headers.TryAddWithoutValidation("User-Agent", ClientIdentity.UserAgent());
            var response = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                {
                    throw new HttpRequestException(
                        $"'{next}' answered {(int)response.StatusCode}.",
                        inner: null,
                        response.StatusCode
                    );
                }

                next = response.Headers.Location is { } location
                    ? new Uri(next, location)
                    : throw new DownloadRejectedException($"'{next}' redirects without saying where.");
            }
        }

        throw new DownloadRejectedException($"'{url}' redirects more than {MostRedirects} times.");
    }

    private async Task<DownloadedFile> SaveAsync(
        HttpResponseMessage response,
        string folder,
        CancellationToken cancellationToken
    )
    {
        if (response.Content.Headers.ContentLength > _options.MaximumBytes)
        {
            throw TooLarge();
        }

        var name = FileNames.Of(response);
        var path = Path.Combine(folder, $"{Guid.NewGuid():N}{FileNames.Extension(name)}");
        var part = $"{path}.part";
        try
        {
            long bytes;
            var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            await using (file.ConfigureAwait(false))
            {
                bytes = await CopyAsync(response, file, cancellationToken).ConfigureAwait(false);
            }

            File.Move(part, path);
            return new DownloadedFile(path, name, response.Content.Headers.ContentType?.MediaType, bytes);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private async Task<long> CopyAsync(HttpResponseMessage response, Stream file, CancellationToken cancellationToken)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = _timeProvider.CreateTimer(
            _ => idle.Cancel(),
            state: null,
            _options.IdleLimit,
            Timeout.InfiniteTimeSpan
        );
        await using var _ = timer.ConfigureAwait(false);
        var content = await response.Content.ReadAsStreamAsync(idle.Token).ConfigureAwait(false);
        await using var __ = content.ConfigureAwait(false);
        var buffer = new byte[128 * 1024];
        var bytes = 0L;
        while (true)
        {
            int read;
            try
            {
                read = await content.ReadAsync(buffer, idle.Token).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                // Told apart from the disk's own errors: the other side hung up, and may not the next time.
                throw new HttpRequestException($"The connection ended inside the file: {e.Message}", e);
            }

            timer.Change(_options.IdleLimit, Timeout.InfiniteTimeSpan);
            bytes += read;
            if (read == 0)
            {
                return bytes;
            }

            if (bytes > _options.MaximumBytes)
            {
                throw TooLarge();
            }

            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }
    }

    private DownloadRejectedException TooLarge() =>
        new($"The file is larger than {_options.MaximumBytes} bytes, the limit of this worker.");
}
