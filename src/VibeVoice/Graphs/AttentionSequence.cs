using VibeVoice.Checkpoints;
using VibeVoice.Onnx;

namespace VibeVoice.Graphs;

/// <summary>One sequence of a batch: how long its cache is after this run, and the cache's tensors in the graph.</summary>
/// <remarks>
/// Sequences differ in length, so each has attention nodes of its own; linear layers see them as one batch.
/// Past and present of a layer are the same memory, so a cache grows in place. Its places are inputs and not computed
/// from shapes: a shape is made on the host, and would bring all that is computed from it there.
/// </remarks>
internal sealed class AttentionSequence
{
    private const string Capacity = "capacity";
    private readonly string _prefix;
    private readonly LanguageConfig _config;

    public AttentionSequence(GraphBuilder g, string prefix, LanguageConfig config)
    {
        _prefix = prefix;
        _config = config;
        TotalLength = g.Input(LengthName(prefix), TensorType.Int32);
        FirstPosition = g.Input(FirstName(prefix), TensorType.Int32);
        LastPosition = g.Input(LastName(prefix), TensorType.Int32, 1);
    }

    /// <summary>Positions including those of this run, an int32 scalar.</summary>
    public Value TotalLength { get; }

    /// <summary>Where this run begins, an int32 scalar.</summary>
    public Value FirstPosition { get; }

    /// <summary>Where this run ends: the total less one, int32 <c>[1]</c>.</summary>
    public Value LastPosition { get; }

    public static string LengthName(string prefix) => $"{prefix}.total_length";

    public static string FirstName(string prefix) => $"{prefix}.first_position";

    public static string LastName(string prefix) => $"{prefix}.last_position";

    public static string PastName(string prefix, int layer, string kind) => $"{prefix}.past.{layer}.{kind}";

    public static string PresentName(string prefix, int layer, string kind) => $"{prefix}.present.{layer}.{kind}";

    public Value Past(GraphBuilder g, int layer, string kind) =>
        g.State(PastName(_prefix, layer, kind), 1, _config.KeyValueHeads, Capacity, _config.HeadSize);

    public void Present(GraphBuilder g, int layer, string kind, Value cache) =>
        g.Output(PresentName(_prefix, layer, kind), cache, 1, _config.KeyValueHeads, Capacity, _config.HeadSize);
}
