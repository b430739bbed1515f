using VibeVoice.Graphs;
using VibeVoice.Onnx;

namespace VibeVoice.Generation;

/// <summary>Runs a window of T embeddings through a language model, onto one cache.</summary>
internal sealed class TextStep : IDisposable
{
    private readonly OnnxSession _session;
    private readonly KeyValueCache _cache;
    private readonly int _width;
    private readonly NativeTensor _embeddings;
    private readonly NativeTensor _hidden;
    private readonly OnnxBinding _binding;

    public TextStep(OnnxSession session, KeyValueCache cache, int width, int mostTokens)
    {
        _session = session;
        _cache = cache;
        _width = width;
        _embeddings = NativeTensor.OfFloats(1, mostTokens, width);
        _hidden = NativeTensor.OfFloats(1, mostTokens, width);
        _binding = session.CreateBinding();
        cache.Bind(_binding, ModelGraphs.Positive);
    }

    /// <summary>Where the embeddings of the next run are written, <c>[T, D]</c> from its start.</summary>
    public Span<float> Embeddings => _embeddings.Floats;

    /// <summary>Hidden states of the last run, <c>[T, D]</c> from its start.</summary>
    public ReadOnlySpan<float> Hidden => _hidden.Floats;

    /// <returns>Hidden states, <c>[T, D]</c>, valid until the next run.</returns>
    public ReadOnlySpan<float> Run(int tokens)
    {
        using var embeddings = _embeddings.View(1, tokens, _width);
        using var hidden = _hidden.View(1, tokens, _width);
        _binding.BindInput(ModelGraphs.Embeddings, embeddings);
        _binding.BindOutput(ModelGraphs.Hidden, hidden);
        _cache.Announce(tokens);
        _session.Run(_binding);
        _cache.Advance(tokens);
        return _hidden.Floats[..(tokens * _width)];
    }

    public void Dispose()
    {
        _binding.Dispose();
        _embeddings.Dispose();
        _hidden.Dispose();
    }
}
