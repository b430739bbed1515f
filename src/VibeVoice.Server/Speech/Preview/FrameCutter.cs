using System.Runtime.InteropServices;

namespace VibeVoice.Server.Speech.Preview;

/// <summary>Cuts a run of samples of any chunking into frames of one length.</summary>
internal sealed class FrameCutter(int frameSamples)
{
    private readonly List<float> _samples = [];

    public void Add(ReadOnlySpan<float> samples) => _samples.AddRange(samples);

    /// <summary>The next whole frame, its own array.</summary>
    public bool TryTake(out ReadOnlyMemory<float> frame)
    {
        frame = default;
        if (_samples.Count < frameSamples)
        {
            return false;
        }

        frame = CollectionsMarshal.AsSpan(_samples)[..frameSamples].ToArray();
        _samples.RemoveRange(0, frameSamples);
        return true;
    }

    /// <summary>What is left at the end: less than a frame, perhaps nothing.</summary>
    public ReadOnlyMemory<float> TakeRest()
    {
        var rest = _samples.ToArray();
        _samples.Clear();
        return rest;
    }
}
