using VibeVoice.Generation;

namespace VibeVoice.Native;

/// <summary>Which rows of a batch are which stream's, while the decoder makes ever more rows of them.</summary>
internal sealed class Segments(NativeStream[] streams)
{
    private NativeStream[] _streams = streams;
    private int[] _first = [];

    public int Count { get; private set; }

    /// <summary>Of all streams.</summary>
    public int Rows => _first[Count];

    public NativeStream Stream(int segment) => _streams[segment];

    public int First(int segment) => _first[segment];

    public int RowsOf(int segment) => _first[segment + 1] - _first[segment];

    /// <summary>Begins anew, with a row for each latent.</summary>
    public Segments Of(ReadOnlySpan<DecoderWork> work, int latentSize)
    {
        if (_streams.Length < work.Length || _first.Length == 0)
        {
            _streams = new NativeStream[work.Length];
            _first = new int[work.Length + 1];
        }

        Count = work.Length;
        for (var i = 0; i < work.Length; i++)
        {
            _streams[i] = (NativeStream)work[i].Stream;
            _first[i + 1] = _first[i] + (work[i].Latents.Length / latentSize);
        }

        return this;
    }

    /// <summary>Every row becomes so many.</summary>
    public void Stretch(int ratio)
    {
        for (var i = 0; i <= Count; i++)
        {
            _first[i] *= ratio;
        }
    }

    /// <summary>Whose a row is.</summary>
    public int Find(int row)
    {
        var segment = 0;
        while (_first[segment + 1] <= row)
        {
            segment++;
        }

        return segment;
    }
}
