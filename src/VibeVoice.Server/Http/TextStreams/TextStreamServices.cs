using VibeVoice.Server.Http.Operations;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.TextStreams;

/// <summary>What every text stream needs of the server.</summary>
internal sealed record TextStreamServices(
    ServerState State,
    ApiKeys Keys,
    SpeechRates Rates,
    SpeechSlots Slots,
    SpeechBodyReader Reader,
    SpeechRequestFactory Requests,
    SpeechPipeline Pipeline,
    ISynthesizer Synthesizer,
    SpeechSettings Settings,
    HttpOptions Options,
    TextStreamOptions Streams,
    Failures Failures,
    ServerMetrics Metrics,
    TimeProvider TimeProvider,
    ILogger<TextStreamServices> Logger
);
