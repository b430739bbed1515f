using System.Text;
using VibeVoice.Checkpoints;
using VibeVoice.Text;
using VibeVoice.Text.Chunks;

namespace VibeVoice.Generation;

/// <summary>Writes down a script instead of speaking it.</summary>
internal sealed class PlanWriter(TextTokenizer tokenizer, NarrationOptions options, ModelConfig config)
{
    private readonly List<PlannedChunk> _chunks = [];
    private readonly StringBuilder _text = new();
    private readonly double _framesPerToken = (options.LongText ?? new LongTextOptions()).FramesPerToken;
    private TimeSpan _silence;
    private ChunkTokens _tokens = new(tokenizer);

    public void Add(ScriptPart part)
    {
        switch (part.Kind)
        {
            case ScriptPartKind.Words:
                _text.Append(part.Text);
                _tokens.Add(part.Text);
                break;
            case ScriptPartKind.End:
                _tokens.Finish();
                _chunks.Add(CreateChunk(part.Boundary));
                _text.Clear();
                _tokens = new ChunkTokens(tokenizer);
                break;
            case ScriptPartKind.Silence when _chunks is [.., var last]:
                _chunks[^1] = last with { Silence = last.Silence + part.Pause };
                break;
            default:
                _silence += part.Pause;
                break;
        }
    }

    public SpeechPlan ToPlan() => new(_silence, _chunks);

    private PlannedChunk CreateChunk(ChunkBoundary end)
    {
        var frames = Math.Ceiling(_tokens.Waiting * _framesPerToken);
        var speech = TimeSpan.FromSeconds(frames * config.Acoustic.SamplesPerFrame / config.SampleRateHz);
        return new PlannedChunk(_text.ToString(), _tokens.Waiting, end, options.SilenceAfter(end), speech);
    }
}
