namespace VibeVoice.Onnx;

/// <summary>A tensor in a graph under construction: what one node makes and others read.</summary>
internal readonly record struct Value(string Name, TensorType Type);
