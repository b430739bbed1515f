using VibeVoice.Server.Http.Operations;
using VibeVoice.Server.Http.Speaking;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Http.Jobs;

/// <summary>What the runs of all jobs share.</summary>
internal sealed record JobTools(
    JobShelf Shelf,
    ISynthesizer Synthesizer,
    SpeechPipeline Pipeline,
    SpeechSettings Settings,
    SpeechSlots Slots,
    Failures Failures,
    ServerMetrics Metrics,
    TimeProvider TimeProvider
);
