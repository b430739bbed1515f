namespace VibeVoice.Extensions.AI;

/// <summary>What one request asks for, once it is known to be possible.</summary>
internal sealed record SpeechRequest(string Id, ModelVoice Voice, SpeakOptions Options, SpeechFormat Format);
