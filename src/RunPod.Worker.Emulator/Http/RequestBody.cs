using Microsoft.AspNetCore.Http;

namespace RunPod.Worker.Emulator.Http;

/// <summary>Reads bodies up to a limit.</summary>
internal static class RequestBody
{
    /// <summary>Enough to answer a client that is still sending; over this its connection is cut.</summary>
    private const long MostToSkip = 256 * 1024 * 1024;

    /// <summary>
    /// The whole body; null where it is larger than the limit. It is read to its end all the same: many clients look for
    /// an answer only once they have sent everything.
    /// </summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext http, int limit)
    {
        var isTooLarge = http.Request.ContentLength > limit;
        using var body = new MemoryStream(isTooLarge ? 0 : (int)(http.Request.ContentLength ?? 0));
        var buffer = new byte[64 * 1024];
        var total = 0L;
        while (await http.Request.Body.ReadAsync(buffer, http.RequestAborted).ConfigureAwait(false) is > 0 and var read)
        {
            total += read;
            if (total > MostToSkip)
            {
                http.Abort();
                throw new OperationCanceledException("The body has no end in sight.");
            }

            isTooLarge |= total > limit;
            if (!isTooLarge)
            {
                body.Write(buffer.AsSpan(0, read));
            }
        }

        // Not by '?:', where null would become an empty body.
        if (isTooLarge)
        {
            return null;
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
