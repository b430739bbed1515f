namespace VibeVoice.Server.Http.Speaking;

/// <summary>The audio itself as the body: the bytes of one file, from the first that there is.</summary>
internal static class AudioAnswer
{
    /// <param name="http">The request.</param>
    /// <param name="relay">What makes the bytes.</param>
    /// <param name="patience">With the reader.</param>
    /// <param name="describe">Sets the headers, once there is audio.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>How many bytes were sent.</returns>
    public static async Task<long> SendAsync(
        HttpContext http,
        AudioRelay relay,
        ReaderPatience patience,
        Action describe,
        CancellationToken cancellationToken
    )
    {
        var sent = 0L;
        while (true)
        {
            var read = await relay.Audio.ReadAsync(cancellationToken);
            if (!http.Response.HasStarted)
            {
                describe();
            }

            foreach (var segment in read.Buffer)
            {
                await patience.SendAsync(http.Response, segment, cancellationToken);
                sent += segment.Length;
            }

            relay.Audio.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return sent;
            }
        }
    }
}
