namespace VibeVoice.Native;

/// <summary>x · Wᵀ + b, with W in panels.</summary>
/// <remarks>Rows of y are padded to 16; what is padded is zero.</remarks>
internal sealed unsafe class LinearLayer(PanelFormat format, int inputs, int outputs, float* bias)
{
    private readonly long _panelBytes = Panels.BytesOf(format, inputs);

    public PanelFormat Format => format;

    public int Inputs => inputs;

    /// <summary>Padded to whole panels.</summary>
    public int Outputs { get; } = Panels.Padded(outputs);

    public int PanelCount => Outputs / Panels.Outputs;

    public long Bytes => PanelCount * _panelBytes;

    public long PanelBytes => _panelBytes;

    /// <summary>b, padded; null where there is none.</summary>
    public float* Bias => bias;

    /// <summary>The panels, one after the other.</summary>
    public byte* Data { get; set; }

    /// <summary>Computes 16 outputs of some rows, without the bias.</summary>
    /// <param name="panel">Which outputs.</param>
    /// <param name="x">The input.</param>
    /// <param name="firstRow">Begins a tile (<see cref="ActivationTiles"/>).</param>
    /// <param name="rows">Whole tiles, or all the rest.</param>
    /// <param name="y">Has room for all slots of the last tile.</param>
    /// <param name="stride">From a row of y to the next.</param>
    public void Multiply(int panel, Activations x, int firstRow, int rows, float* y, int stride)
    {
        var data = Data + (panel * _panelBytes);
        switch (format)
        {
            case PanelFormat.Int8:
            case PanelFormat.Int4:
                var numbers = x.Numbers + ((nint)firstRow * x.Blocks * Int8Panels.Block);
                var scales = x.Scales + ((nint)firstRow * x.Blocks);
                if (format == PanelFormat.Int8)
                {
                    Int8Panels.Multiply(data, x.Blocks, numbers, scales, rows, y, stride);
                }
                else
                {
                    Int4Panels.Multiply(data, x.Blocks, numbers, scales, rows, y, stride);
                }

                break;
            default:
                var values = x.Values + ((nint)firstRow * x.Stride);
                FloatPanels.Multiply(data, format == PanelFormat.BFloat16, inputs, values, x.Stride, rows, y, stride);
                break;
        }
    }
}
