namespace RunPod.Worker.Jobs;

/// <summary>A piece of a stream cannot reach the client, so the stream would have a hole; the message is for the client.</summary>
internal sealed class PieceUndeliverableException(string message) : Exception(message);
