using Microsoft.ML.OnnxRuntime;

namespace VibeVoice.Onnx;

/// <summary>An accelerator with memory of its own, which this process reaches only through sessions.</summary>
/// <remarks>
/// Numbers get there by a graph of one cast, whose input the runtime copies over and whose output is the memory to be
/// written: that works with every provider and asks for no library of the accelerator's. Safe to share between threads.
/// </remarks>
internal sealed class AcceleratorDevice : IDevice
{
    private const string Source = "source";
    private const string Destination = "destination";

    // Weights are written in pieces of this size, so that a large one does not need its size twice over.
    private const int PieceLength = 4 << 20;

    private static readonly TensorType[] Types = [TensorType.Float32, TensorType.Float16];

    private readonly Action<SessionOptions> _configure;
    private readonly Dictionary<TensorType, OnnxSession> _writers = [];
    private readonly Dictionary<TensorType, OnnxSession> _clearers = [];
    private readonly WeightStore _noWeights;
    private readonly PrePackedWeightsContainer _packed = new();
    private readonly OrtAllocator _allocator;

    /// <param name="configure">Adds the accelerator's provider to a session.</param>
    /// <param name="memory">Names the accelerator's memory.</param>
    /// <param name="hasFloat16">False for a processor that stands in for one, in tests.</param>
    public AcceleratorDevice(Action<SessionOptions> configure, OrtMemoryInfo memory, bool hasFloat16 = true)
    {
        HasFloat16 = hasFloat16;
        _configure = configure;
        _noWeights = new WeightStore(checkpoint: null, this);
        try
        {
            foreach (var type in Types)
            {
                _writers.Add(type, new OnnxSession(Writer(type), _noWeights, _packed, threads: 1));
                _clearers.Add(type, new OnnxSession(Clearer(type), _noWeights, _packed, threads: 1));
            }

            _allocator = _writers[TensorType.Float32].CreateAllocator(memory);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it runs itself, for those who check which device has their nodes.</summary>
    public static IEnumerable<OnnxGraph> Graphs => Types.SelectMany(type => (OnnxGraph[])[Writer(type), Clearer(type)]);

    public bool IsHost => false;

    public bool HasFloat16 { get; }

    public void Configure(SessionOptions options) => _configure(options);

    public NativeTensor Allocate(TensorType type, params long[] shape)
    {
        var tensor = new NativeTensor(
            type,
            shape,
            _allocator.Allocate(checked((uint)NativeTensor.LengthOf(type, shape))),
            _allocator.Info
        );
        Clear(tensor);
        return tensor;
    }

    public void Write(NativeTensor destination, long start, ReadOnlySpan<float> numbers)
    {
        var session = _writers[destination.Type];
        using var binding = session.CreateBinding();
        using var staging = NativeTensor.OfFloats(Math.Min(numbers.Length, PieceLength));
        while (!numbers.IsEmpty)
        {
            var piece = numbers[..Math.Min(numbers.Length, PieceLength)];
            piece.CopyTo(staging.Floats);
            using var source = staging.View(piece.Length);
            using var target = destination.ViewFrom(start, piece.Length);
            binding.BindInput(Source, source);
            binding.BindOutput(Destination, target);
            session.Run(binding);
            start += piece.Length;
            numbers = numbers[piece.Length..];
        }
    }

    public void Dispose()
    {
        _allocator?.Dispose();
        foreach (var session in _writers.Values.Concat(_clearers.Values))
        {
            session.Dispose();
        }

        _packed.Dispose();
    }

    private static OnnxGraph Writer(TensorType type)
    {
        var g = new GraphBuilder("write");
        g.Output(Destination, g.NewCast(g.Input(Source, "length"), type), "length");
        return g.Build();
    }

    private static OnnxGraph Clearer(TensorType type)
    {
        var g = new GraphBuilder("clear");
        var length = g.Input(Source, TensorType.Int64, 1);
        g.Output(Destination, g.Expand(g.Cast(g.Number(0), type), length), "length");
        return g.Build();
    }

    private void Clear(NativeTensor tensor)
    {
        var session = _clearers[tensor.Type];
        using var binding = session.CreateBinding();
        using var length = NativeTensor.OnHost(TensorType.Int64, 1);
        length.LongIntegers[0] = NativeTensor.LengthOf(tensor.Type, tensor.Shape) / tensor.Type.Size();
        using var target = tensor.View(length.LongIntegers[0]);
        binding.BindInput(Source, length.OrtValue);
        binding.BindOutput(Destination, target);
        session.Run(binding);
    }
}
