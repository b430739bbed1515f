namespace VibeVoice.Server.Http.Speaking;

/// <summary>A failure that its client has been told of already, in an event; it is still to be counted.</summary>
internal sealed class AnsweredException(ApiException error) : Exception(error.Message, error)
{
    public ApiException Error { get; } = error;
}
