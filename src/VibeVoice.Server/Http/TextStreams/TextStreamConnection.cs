using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using VibeVoice.Server.Http.Speaking;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>One WebSocket: whole messages in, one after another; messages out, from any task.</summary>
/// <remarks>
/// A client that has left, or is cut for its slowness, shows as an <see cref="OperationCanceledException"/> and by
/// <see cref="Gone"/>.
/// </remarks>
internal sealed class TextStreamConnection : IDisposable
{
    /// <summary>The largest message that is taken.</summary>
    public const int MaxMessageBytes = 64 * 1024;

    /// <summary>For a client to answer that the connection is closed.</summary>
    private static readonly TimeSpan _closing = TimeSpan.FromSeconds(2);

    private readonly WebSocket _socket;
    private readonly ReaderPatience _patience;
    private readonly CancellationTokenSource _gone;
    private readonly SemaphoreSlim _sending = new(1);

    /// <param name="socket">Disposed by its owner.</param>
    /// <param name="patience">With its reader.</param>
    /// <param name="aborted">Cancelled when the connection breaks.</param>
    public TextStreamConnection(WebSocket socket, ReaderPatience patience, CancellationToken aborted)
    {
        _socket = socket;
        _patience = patience;
        _gone = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        Gone = _gone.Token;
    }

    /// <summary>Cancelled when nobody is there any more.</summary>
    public CancellationToken Gone { get; }

    /// <summary>The next message.</summary>
    /// <returns>null where the client has closed the connection, or left it.</returns>
    /// <exception cref="ApiException">It is no JSON object with a type, or too large.</exception>
    public async Task<ClientMessage?> ReceiveAsync()
    {
        var buffer = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(buffer.GetMemory(4096), Gone);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                buffer.Advance(received.Count);
                if (buffer.WrittenCount > MaxMessageBytes)
                {
                    throw ApiException.MessageTooLarge(MaxMessageBytes);
                }

                if (received.EndOfMessage)
                {
                    return received.MessageType == WebSocketMessageType.Text
                        ? ClientMessage.Parse(buffer.WrittenMemory)
                        : throw ApiException.InvalidMessage("it is binary");
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            await _gone.CancelAsync();
            return null;
        }
    }

    public Task SendAsync(ServerMessage message) => SendAsync(TextStreamJson.Write(message), WebSocketMessageType.Text);

    /// <summary>A piece of the file.</summary>
    public Task SendAudioAsync(ReadOnlyMemory<byte> audio) => SendAsync(audio, WebSocketMessageType.Binary);

    /// <summary>Says why nothing more comes, and waits a little for the client to say that it has heard it.</summary>
    /// <param name="receiving">What is being received meanwhile.</param>
    public async Task CloseAsync(WebSocketCloseStatus status, string reason, Task? receiving)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Gone);
        patience.CancelAfter(_closing);
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _sending.WaitAsync(patience.Token);
                await _socket.CloseOutputAsync(status, reason, patience.Token);
            }

            if (receiving is not null)
            {
                await receiving.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            // What it sent before it heard of the end is read and forgotten, or its system would call the connection broken.
            var buffer = new byte[4096];
            while (_socket.State == WebSocketState.CloseSent)
            {
                await _socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException) { }
    }

    public void Dispose()
    {
        _gone.Dispose();
        _sending.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        await _sending.WaitAsync(Gone);
        try
        {
            var sending = _socket.SendAsync(message, type, endOfMessage: true, Gone);
            if (!sending.IsCompletedSuccessfully)
            {
                await _patience.WaitAsync(sending.AsTask(), Gone);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or SlowReaderException)
        {
            await _gone.CancelAsync();
            throw new OperationCanceledException("The client has left.", exception, Gone);
        }
        finally
        {
            _sending.Release();
        }
    }
}

/// <summary>What a client says.</summary>
/// <param name="Type">Its kind.</param>
/// <param name="Body">All of it, an object.</param>
internal sealed record ClientMessage(string Type, JsonElement Body)
{
    /// <exception cref="ApiException">It is no JSON object with a type.</exception>
    public static ClientMessage Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            var body = JsonElement.Parse(utf8.Span);
            return
                body.ValueKind == JsonValueKind.Object
                && body.TryGetProperty("type", out var type)
                && type.ValueKind == JsonValueKind.String
                ? new ClientMessage(type.GetString()!, body)
                : throw ApiException.InvalidMessage("it has no \"type\"");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw ApiException.InvalidMessage("it is no JSON");
        }
    }
}
