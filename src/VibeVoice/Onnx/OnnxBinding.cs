using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>What one user of a session feeds it and gets from it, run after run.</summary>
/// <remarks>
/// A runtime on an accelerator copies an input at the moment it is bound, not when it runs. So inputs that the host
/// writes are bound again before each run there, and once on the host. Not thread-safe.
/// </remarks>
internal sealed class OnnxBinding(OrtIoBinding binding, bool isOnHost) : IDisposable
{
    private readonly Dictionary<string, OrtValue> _inputs = new(StringComparer.Ordinal);

    /// <summary>An input that the host writes before runs; of the host's memory.</summary>
    public void BindInput(string name, OrtValue value)
    {
        if (isOnHost)
        {
            binding.BindInput(name, value);
        }
        else
        {
            _inputs[name] = value;
        }
    }

    /// <summary>An output that the host reads after runs, of the host's memory; or one of the device's.</summary>
    public void BindOutput(string name, OrtValue value) => binding.BindOutput(name, value);

    /// <summary>What runs read and replace in place; of the device's memory.</summary>
    public void BindState(string input, string output, OrtValue state)
    {
        binding.BindInput(input, state);
        binding.BindOutput(output, state);
    }

    /// <summary>The runtime's own, with what the host has written.</summary>
    public OrtIoBinding Refresh()
    {
        foreach (var (name, value) in _inputs)
        {
            binding.BindInput(name, value);
        }

        return binding;
    }

    public void Dispose() => binding.Dispose();
}
