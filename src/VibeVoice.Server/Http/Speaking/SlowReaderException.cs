namespace VibeVoice.Server.Http.Speaking;

/// <summary>The reader of an answer took too little for too long; its connection is cut, so it hears of nothing.</summary>
internal sealed class SlowReaderException(TimeoutException innerException)
    : Exception("The reader of an answer was too slow.", innerException);
