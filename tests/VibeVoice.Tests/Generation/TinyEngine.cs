using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Graphs;
using VibeVoice.Native;
using VibeVoice.Text;

namespace VibeVoice.Tests.Generation;

/// <summary>The recorded checkpoint, opened once for all tests that only read it.</summary>
public sealed class TinyEngine : IDisposable
{
    internal Checkpoint Checkpoint { get; } = Checkpoint.Open(GoldenFiles.Tiny);

    internal WeightsOf Fused { get; }

    internal WeightsOf Plain { get; }

    internal WeightsOf Endless { get; }

    /// <summary>Kernels of our own, on exact weights.</summary>
    internal Lazy<NativeEngine> Native { get; }

    internal VoicePreset Voice { get; }

    internal TextTokenizer Tokenizer { get; } = TextTokenizer.Load(GoldenFiles.Tiny);

    internal SafetensorsFile Components { get; } =
        SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, "components.safetensors"));

    public TinyEngine()
    {
        Fused = new WeightsOf(Checkpoint, new EngineOptions(1, null, AttentionKernel.Fused));
        Plain = new WeightsOf(Checkpoint, new EngineOptions(1, null, AttentionKernel.Plain));
        Native = new Lazy<NativeEngine>(() => LoadNative(2, PartPrecisions.All(ModelPrecision.Float32)));
        Endless = new WeightsOf(Checkpoint, new EngineOptions(1, -50));
        Voice = VoicePreset.Load(GoldenFiles.TinyVoice, Checkpoint.Config);
    }

    public void Dispose()
    {
        Fused.Dispose();
        Plain.Dispose();
        Endless.Dispose();
        if (Native.IsValueCreated)
        {
            Native.Value.Dispose();
        }

        Components.Dispose();
        Checkpoint.Dispose();
    }

    internal NativeEngine LoadNative(int threads, PartPrecisions precisions) =>
        NativeEngine.Load(Checkpoint, new NativeOptions(threads, precisions), CancellationToken.None);

    /// <summary>An engine that is loaded when a test first asks for it.</summary>
    internal sealed class WeightsOf(Checkpoint checkpoint, EngineOptions options) : IDisposable
    {
        private readonly Lazy<GraphEngine> _engine = new(() =>
            GraphEngine.Load(checkpoint, options, CancellationToken.None)
        );

        public GraphEngine Engine => _engine.Value;

        public void Dispose()
        {
            if (_engine.IsValueCreated)
            {
                _engine.Value.Dispose();
            }
        }
    }
}
