using VibeVoice.Checkpoints;

namespace VibeVoice.Native;

/// <summary>The weights of a block: a depthwise convolution and a feed-forward part, each normed before, scaled after and added.</summary>
internal sealed unsafe class NativeBlock
{
    private const int Widening = 4; // written into the reference's code, not into its configuration

    public NativeBlock(string path, int channels, AcousticConfig config, PanelFormat format, NativeWeights weights)
    {
        Channels = channels;
        Width = Panels.Padded(channels);
        Taps = config.KernelSize;
        Epsilon = config.RmsNormEpsilon;
        Norm = weights.Vector($"{path}.norm.weight", channels);
        FfnNorm = weights.Vector($"{path}.ffn_norm.weight", channels);
        Scale = Scales("gamma");
        FfnScale = Scales("ffn_gamma");
        Kernel = weights.Taps($"{path}.mixer.conv.conv.conv.weight", channels, Taps);
        KernelBias = config.HasBias
            ? weights.Vector($"{path}.mixer.conv.conv.conv.bias", channels)
            : weights.NewVector(channels);
        Widen = weights.Linear(format, $"{path}.ffn.linear1", channels, Widening * channels, config.HasBias);
        Narrow = weights.Linear(format, $"{path}.ffn.linear2", Widening * channels, channels, config.HasBias);

        float* Scales(string name)
        {
            if (config.HasLayerScale)
            {
                return weights.Vector($"{path}.{name}", channels);
            }

            var ones = weights.NewVector(channels);
            new Span<float>(ones, channels).Fill(1);
            return ones;
        }
    }

    public int Channels { get; }

    /// <summary>Padded.</summary>
    public int Width { get; }

    public int Taps { get; }

    public float Epsilon { get; }

    public float* Norm { get; }

    public float* FfnNorm { get; }

    public float* Scale { get; }

    public float* FfnScale { get; }

    /// <summary><c>[taps, channels]</c>.</summary>
    public float* Kernel { get; }

    public float* KernelBias { get; }

    public LinearLayer Widen { get; }

    public LinearLayer Narrow { get; }
}
