using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RunPod.Worker.Tests;

/// <summary>Answers the first take with headers at once and its body when told to, on a plain socket.</summary>
internal sealed class SlowTakeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _headersSent = new();
    private readonly SemaphoreSlim _sendBody = new(0);
    private readonly string _body;

    private SlowTakeServer(string body) => _body = body;

    public string Address => $"http://{_listener.LocalEndpoint}";

    public CancellationToken HeadersSent => _headersSent.Token;

    public static SlowTakeServer Start(string body)
    {
        var server = new SlowTakeServer(body);
        server._listener.Start();
        _ = Task.Run(server.ServeAsync);
        return server;
    }

    public void SendBody() => _sendBody.Release();

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            var request = new byte[4096];
            var length = await stream.ReadAsync(request);
            if (!Encoding.ASCII.GetString(request, 0, length).StartsWith("GET /job-take/", StringComparison.Ordinal))
            {
                continue;
            }

            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {_body.Length}\r\n\r\n"
                )
            );
            await _headersSent.CancelAsync();
            await _sendBody.WaitAsync();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(_body));
            return;
        }
    }
}
