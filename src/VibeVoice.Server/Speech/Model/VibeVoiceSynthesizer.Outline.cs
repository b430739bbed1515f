using VibeVoice.Server.Models;

namespace VibeVoice.Server.Speech.Model;

/// <summary>What would be spoken, told without speaking.</summary>
internal sealed partial class VibeVoiceSynthesizer
{
    public async Task<SpeechOutline> OutlineAsync(SpeechRequest request, CancellationToken cancellationToken)
    {
        if (_model is { } model)
        {
            return await Task.Run(() => Outline(model.Planner, VoiceOf(request.Voice), request), cancellationToken);
        }

        var located = await _files.EnsureForOutlineAsync(cancellationToken);
        return await Task.Run(() => Outline(located, request), cancellationToken);
    }

    private SpeechOutline Outline(LocatedModel located, SpeechRequest request)
    {
        var planner = Reading(() => SpeechPlanner.Load(located.Folder, located.TokenizerFolder), "The model");
        var path = _files.Voices.PathOf(request.Voice);
        return Outline(planner, Reading(() => planner.LoadVoice(path), $"The voice '{request.Voice.Name}'"), request);
    }

    private SpeechOutline Outline(SpeechPlanner planner, ModelVoice voice, SpeechRequest request)
    {
        var plan = Fitting(() => planner.Plan(request.Text, voice, CreateOptions(request)));
        var chunks = plan.Chunks.Select(chunk => new OutlinedChunk(
            chunk.Text,
            chunk.Tokens,
            chunk.End,
            chunk.Silence.TotalSeconds,
            chunk.EstimatedSpeech.TotalSeconds
        ));
        return new SpeechOutline(plan.Silence.TotalSeconds, [.. chunks]);
    }
}
