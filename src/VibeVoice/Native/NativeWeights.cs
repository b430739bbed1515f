using System.Runtime.InteropServices;
using VibeVoice.Checkpoints;
using VibeVoice.Compiled;

namespace VibeVoice.Native;

/// <summary>Collects the layers of an engine, and gives them their weights: panels that are compiled once, vectors that are read.</summary>
internal sealed unsafe class NativeWeights(Checkpoint checkpoint) : IDisposable
{
    /// <summary>To be raised whenever a panel's bytes change for the same weights.</summary>
    public const int LayoutVersion = 1;

    private readonly List<(LinearLayer Layer, CompiledTensor Tensor)> _layers = [];
    private readonly List<IDisposable> _vectors = [];
    private readonly PanelFormat _exact = checkpoint.HasBFloat16Matrices ? PanelFormat.BFloat16 : PanelFormat.Float32;
    private CompiledWeights? _compiled;

    /// <summary>The format that loses nothing of what the checkpoint stores.</summary>
    public PanelFormat Exact => _exact;

    /// <summary>A stored matrix <c>[outputs, inputs]</c>, with a bias of the same path if there is one.</summary>
    public LinearLayer Linear(PanelFormat format, string path, int inputs, int outputs, bool hasBias = false) =>
        Add(
            format,
            path,
            inputs,
            outputs,
            hasBias ? Vector($"{path}.bias", outputs) : null,
            () => (output, row) => checkpoint.ReadRow($"{path}.weight", output, [outputs, inputs], row)
        );

    /// <summary>Several stored matrices of the same input, one after the other.</summary>
    public LinearLayer Joined(
        PanelFormat format,
        string name,
        int inputs,
        IReadOnlyList<(string Path, int Outputs)> parts,
        bool hasBias
    )
    {
        var outputs = parts.Sum(part => part.Outputs);
        var bias = hasBias ? NewVector(outputs) : null;
        var first = 0;
        foreach (var (path, count) in parts)
        {
            if (hasBias)
            {
                checkpoint.Read($"{path}.bias", [count], new Span<float>(bias + first, count));
            }

            first += count;
        }

        return Add(
            format,
            name,
            inputs,
            outputs,
            bias,
            () =>
                (output, row) =>
                {
                    foreach (var (path, count) in parts)
                    {
                        if (output < count)
                        {
                            checkpoint.ReadRow($"{path}.weight", output, [count, inputs], row);
                            return;
                        }

                        output -= count;
                    }
                }
        );
    }

    /// <summary>Two matrices of the same size for <see cref="Finish.Gate"/>: a panel of the one, then a panel of the other.</summary>
    public LinearLayer Gated(PanelFormat format, string path, int inputs, int width) =>
        Add(
            format,
            $"{path}.gate_up",
            inputs,
            2 * Panels.Padded(width),
            bias: null,
            () =>
                (output, row) =>
                {
                    var (pair, place) = Math.DivRem(output, 2 * Panels.Outputs);
                    var (isUp, lane) = Math.DivRem(place, Panels.Outputs);
                    var unit = (pair * Panels.Outputs) + lane;
                    if (unit >= width)
                    {
                        row.Clear();
                        return;
                    }

                    var name = isUp == 1 ? "up_proj" : "gate_proj";
                    checkpoint.ReadRow($"{path}.{name}.weight", unit, [width, inputs], row);
                }
        );

    /// <summary>A matrix that is put together row by row.</summary>
    /// <param name="open">Called once, before the first row; what it reads is held no longer than the matrix takes to be made.</param>
    public LinearLayer Made(
        PanelFormat format,
        string name,
        int inputs,
        int outputs,
        float* bias,
        Func<Checkpoint, FillRow> open
    ) => Add(format, name, inputs, outputs, bias, () => open(checkpoint));

    /// <summary>A stored vector, padded with zeros.</summary>
    public float* Vector(string name, int length)
    {
        var vector = NewVector(length);
        checkpoint.Read(name, [length], new Span<float>(vector, length));
        return vector;
    }

    /// <summary>A depthwise convolution, stored <c>[channels, 1, taps]</c>, as padded rows <c>[taps, channels]</c>.</summary>
    public float* Taps(string name, int channels, int taps) =>
        Transpose(checkpoint.Read(name, channels, 1, taps), channels, taps);

    /// <summary>A convolution to one channel, stored <c>[1, channels, taps]</c>, as padded rows <c>[taps, channels]</c>.</summary>
    public float* HeadTaps(string name, int channels, int taps) =>
        Transpose(checkpoint.Read(name, 1, channels, taps), channels, taps);

    /// <summary>Zeros, padded.</summary>
    public float* NewVector(long length)
    {
        var array = new NativeArray<float>((length + Panels.Outputs - 1) / Panels.Outputs * Panels.Outputs);
        _vectors.Add(array);
        return array.Start;
    }

    /// <summary>Finds or makes the panels of all layers that were asked for.</summary>
    public void Compile(
        string? folder,
        string checkpointFolder,
        string precision,
        Action<string>? log,
        CancellationToken cancellationToken
    )
    {
        var key = CompiledKey.Of(checkpointFolder, precision, LayoutVersion, "cpu");
        var tensors = _layers.ConvertAll(layer => layer.Tensor);
        _compiled = CompiledStore.Open(folder, key, tensors, log, cancellationToken);
        foreach (var (layer, tensor) in _layers)
        {
            layer.Data = _compiled.Get(tensor.Name);
        }
    }

    /// <summary>Bytes of the panels of all layers whose names begin so.</summary>
    public long BytesOf(string root) =>
        _layers
            .Where(layer => layer.Tensor.Name.StartsWith(root, StringComparison.Ordinal))
            .Sum(layer => layer.Layer.Bytes);

    public void Dispose()
    {
        _compiled?.Dispose();
        _vectors.ForEach(vector => vector.Dispose());
    }

    private float* Transpose(float[] stored, int channels, int taps)
    {
        var width = Panels.Padded(channels);
        var rows = NewVector((long)taps * width);
        for (var i = 0; i < stored.Length; i++)
        {
            rows[(i % taps * width) + (i / taps)] = stored[i];
        }

        return rows;
    }

    private LinearLayer Add(PanelFormat format, string name, int inputs, int outputs, float* bias, Func<FillRow> open)
    {
        var layer = new LinearLayer(format, inputs, outputs, bias);
        _layers.Add((layer, new CompiledTensor(name, layer.Bytes, bytes => Fill(layer, name, outputs, open(), bytes))));
        return layer;
    }

    private static void Fill(LinearLayer layer, string name, int outputs, FillRow fill, Span<byte> bytes)
    {
        var inputs = layer.Inputs;
        var rows = new float[Panels.Outputs * inputs];
        bytes.Clear();
        fixed (byte* data = &MemoryMarshal.GetReference(bytes))
        {
            for (var panel = 0; panel < layer.PanelCount; panel++)
            {
                for (var lane = 0; lane < Panels.Outputs; lane++)
                {
                    var row = rows.AsSpan(lane * inputs, inputs);
                    var output = (panel * Panels.Outputs) + lane;
                    if (output < outputs)
                    {
                        fill(output, row);
                    }
                    else
                    {
                        row.Clear();
                    }
                }

                try
                {
                    PanelWriter.Write(layer.Format, rows, inputs, data + (panel * layer.PanelBytes));
                }
                catch (NotFiniteNumberException exception)
                {
                    throw new ModelFormatException(
                        $"Weight '{name}' holds a number that is not finite. Copy the checkpoint again from where it came from.",
                        exception
                    );
                }
            }
        }
    }
}

/// <summary>Writes the weights of one output.</summary>
internal delegate void FillRow(int output, Span<float> row);
