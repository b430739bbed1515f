using System.Net.WebSockets;
using System.Text.Json;

namespace VibeVoice.Server.Tests.Http.TextStreams;

/// <summary>A client of a text stream.</summary>
internal sealed class TextStreamClient(ClientWebSocket socket) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    public ClientWebSocket Socket { get; } = socket;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TextStreamClient> ConnectAsync(
        int port,
        Action<ClientWebSocketOptions>? configure = null,
        HttpMessageInvoker? invoker = null
    )
    {
        var socket = new ClientWebSocket();
        configure?.Invoke(socket.Options);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/v1/audio/speech/stream"), invoker, Token);
        return new TextStreamClient(socket);
    }

    /// <summary>Connects and begins a speech.</summary>
    public static async Task<TextStreamClient> StartAsync(int port, string start = """{"type": "start"}""")
    {
        var client = await ConnectAsync(port);
        await client.SendAsync(start);
        (await client.ReceiveAsync()).Type.ShouldBe("started");
        return client;
    }

    public Task SendAsync(string json) =>
        Socket.SendAsync(
            System.Text.Encoding.UTF8.GetBytes(json),
            WebSocketMessageType.Text,
            endOfMessage: true,
            Token
        );

    public Task SendTextAsync(string delta) =>
        SendAsync($$"""{"type": "text", "delta": {{JsonSerializer.Serialize(delta)}}}""");

    /// <summary>The next message; of type "binary" with audio, of type "closed" with the reason at the end.</summary>
    public async Task<ServerSaid> ReceiveAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(_patience);
        var message = new List<byte>();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await Socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return new ServerSaid("closed", default, []);
            }

            message.AddRange(buffer.AsSpan(0, received.Count));
            if (received.EndOfMessage)
            {
                return received.MessageType == WebSocketMessageType.Binary
                    ? new ServerSaid("binary", default, message.ToArray())
                    : ServerSaid.Of(JsonElement.Parse(message.ToArray()));
            }
        }
    }

    /// <summary>Reads to a message of a type.</summary>
    /// <returns>All messages, that one the last.</returns>
    public async Task<List<ServerSaid>> ReceiveUntilAsync(string type)
    {
        var said = new List<ServerSaid>();
        do
        {
            said.Add(await ReceiveAsync());
            if (said[^1].Type != type)
            {
                said[^1].Type.ShouldNotBeOneOf("closed", "error", "done");
            }
        } while (said[^1].Type != type);

        return said;
    }

    /// <summary>Reads to the end of a speech.</summary>
    /// <returns>Its audio.</returns>
    public async Task<byte[]> AudioAsync() => Audio(await ReceiveUntilAsync("done"));

    public static byte[] Audio(IEnumerable<ServerSaid> said) => [.. said.SelectMany(message => message.Audio)];

    /// <summary>Reads an error.</summary>
    /// <returns>Its code.</returns>
    public async Task<string> ErrorAsync()
    {
        while (true)
        {
            var said = await ReceiveAsync();
            if (said.Type == "error")
            {
                var error = said.Body.GetProperty("error");
                error
                    .EnumerateObject()
                    .Select(property => property.Name)
                    .ShouldBe(["message", "type", "param", "code"]);
                return error.GetProperty("code").GetString()!;
            }

            said.Type.ShouldBeOneOf("binary", "progress", "started");
        }
    }

    /// <summary>Reads to the end of the connection.</summary>
    public async Task<(int Code, string? Reason)> ClosedAsync()
    {
        while ((await ReceiveAsync()).Type != "closed") { }

        var closed = ((int)Socket.CloseStatus!.Value, Socket.CloseStatusDescription);
        await Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Token);
        return closed;
    }

    public void Dispose() => Socket.Dispose();
}

/// <summary>What the server said.</summary>
internal sealed record ServerSaid(string Type, JsonElement Body, byte[] Audio)
{
    public static ServerSaid Of(JsonElement body) =>
        new(
            body.GetProperty("type").GetString()!,
            body,
            body.TryGetProperty("audio", out var audio) ? audio.GetBytesFromBase64() : []
        );
}
