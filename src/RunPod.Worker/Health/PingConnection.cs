using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace RunPod.Worker.Health;

/// <summary>
/// One GET on a blocking socket, all of it on the calling thread. HttpClient, even its synchronous half, opens
/// connections and ends time limits on the thread pool, and the heartbeat must not stop when handlers starve that.
/// </summary>
internal static class PingConnection
{
    /// <summary>Asks, and gives the status of the answer.</summary>
    /// <exception cref="IOException">There was no answer in time, or none that is HTTP.</exception>
    /// <exception cref="SocketException">The host cannot be reached.</exception>
    public static int Get(Uri uri, string apiKey, string userAgent, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        // On Linux the send limit holds for connecting, too.
        socket.SendTimeout = socket.ReceiveTimeout = Math.Max(1, (int)limit.TotalMilliseconds);
        socket.Connect(uri.IdnHost, uri.Port);
        using var stream = Open(socket, uri);
        stream.Write(
            Encoding.ASCII.GetBytes(
                $"GET {uri.PathAndQuery} HTTP/1.1\r\nHost: {uri.Authority}\r\nAuthorization: {apiKey}\r\n"
                    + $"User-Agent: {userAgent}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            )
        );
        stream.Flush();

        var head = new byte[1024];
        var length = 0;
        while (length < head.Length && head.AsSpan(0, length).IndexOf((byte)'\n') < 0)
        {
            var read = stream.Read(head, length, head.Length - length);
            if (read == 0 || Stopwatch.GetElapsedTime(started) > limit)
            {
                break;
            }

            length += read;
        }

        return ReadStatus(Encoding.ASCII.GetString(head, 0, length));
    }

    /// <summary>What <see cref="Get"/> throws when the platform, not the program, is to blame.</summary>
    public static bool IsTrouble(Exception e) => e is SocketException or IOException or AuthenticationException;

    private static Stream Open(Socket socket, Uri uri)
    {
        var plain = new NetworkStream(socket, ownsSocket: false);
        if (uri.Scheme is "http")
        {
            return plain;
        }

        var secure = new SslStream(plain, leaveInnerStreamOpen: false);
        secure.AuthenticateAsClient(uri.IdnHost);
        return secure;
    }

    /// <summary>Reads <c>HTTP/1.1 200 OK</c>.</summary>
    private static int ReadStatus(string head)
    {
        var words = head.Split(['\r', '\n'], 2)[0].Split(' ', 3);
        return
            words.Length >= 2
            && words[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : throw new IOException("the answer is not HTTP, or ended before its status");
    }
}
