namespace VibeVoice.Checkpoints;

/// <summary>The acoustic decoder that turns one latent into <see cref="SamplesPerFrame"/> samples.</summary>
/// <param name="Ratios">Upsampling of each transposed convolution, in the order of the decoder.</param>
/// <param name="HasBias">Whether convolutions and linear layers have a bias.</param>
/// <param name="HasLayerScale">Whether what a block adds is scaled per channel.</param>
/// <param name="DecoderDepths">Blocks of each stage, in the order of the decoder: one stage more than ratios.</param>
internal sealed record AcousticConfig(
    int LatentSize,
    int Filters,
    IReadOnlyList<int> Ratios,
    IReadOnlyList<int> DecoderDepths,
    int KernelSize,
    float RmsNormEpsilon,
    bool HasBias,
    bool HasLayerScale
)
{
    // Written into the reference's code, not into its configuration.
    private const int KernelSizeOfTheReference = 7;
    private const int LargestFrame = 1 << 20;
    private const int LargestWidth = 1 << 20;

    /// <summary>Channels of each stage: halved by every upsampling, down to <see cref="Filters"/>.</summary>
    public IReadOnlyList<int> Channels { get; } =
    [.. Enumerable.Range(0, Ratios.Count + 1).Select(stage => Filters << (Ratios.Count - stage))];

    /// <summary>Samples that one latent becomes: the product of the ratios.</summary>
    public int SamplesPerFrame { get; } = Ratios.Aggregate(1, (product, ratio) => product * ratio);

    public static AcousticConfig Read(JsonFile tokenizer, DiffusionConfig diffusion)
    {
        const int largestRatio = 1024;
        const int largestDepth = 1024;
        var latentSize = tokenizer.Count("vae_dim");
        if (latentSize != diffusion.LatentSize)
        {
            throw tokenizer.Wrong(
                "vae_dim",
                $"{latentSize}",
                $"the diffusion head's latent size {diffusion.LatentSize}"
            );
        }

        CheckKind(tokenizer);
        var ratios =
            tokenizer.Counts("decoder_ratios", largestRatio)
            ?? tokenizer.Counts("encoder_ratios", largestRatio)
            ?? throw tokenizer.Wrong("decoder_ratios", "missing", "a list of ratios");
        if (ratios.Aggregate(1L, (product, ratio) => Math.Min(product * ratio, LargestFrame + 1L)) > LargestFrame)
        {
            throw tokenizer.Wrong("decoder_ratios", string.Join('·', ratios), $"a product up to {LargestFrame}");
        }

        var filters = tokenizer.Count("decoder_n_filters", maximum: 65_536);
        if (ratios.Length > 24 || (long)filters << ratios.Length > LargestWidth)
        {
            throw tokenizer.Wrong(
                "decoder_n_filters",
                $"{filters}",
                $"a number that doubles per ratio to at most {LargestWidth}"
            );
        }

        var depths = tokenizer.Counts("decoder_depths", largestDepth);
        depths ??= tokenizer.Counts("encoder_depths", largestDepth)?.Reverse().ToArray();
        if (depths is null)
        {
            throw tokenizer.Wrong("decoder_depths", "missing", "a list of depths");
        }

        if (depths.Length != ratios.Length + 1)
        {
            throw tokenizer.Wrong(
                "decoder_depths",
                $"{depths.Length} depths",
                $"one more than the {ratios.Length} ratios"
            );
        }

        return new AcousticConfig(
            latentSize,
            filters,
            ratios,
            depths,
            KernelSizeOfTheReference,
            (float)tokenizer.Positive("layernorm_eps", 1e-5),
            tokenizer.Flag("conv_bias") ?? true,
            !tokenizer.Has("layer_scale_init_value") || tokenizer.Number("layer_scale_init_value") > 0
        );
    }

    /// <summary>What the reference can be configured to and this is not: to ignore it would make noise.</summary>
    private static void CheckKind(JsonFile tokenizer)
    {
        tokenizer.Expect("mixer_layer", "depthwise_conv");
        tokenizer.Expect("conv_norm", "none");
        tokenizer.Expect("layernorm", "RMSNorm");
        tokenizer.Expect("causal", true);
        tokenizer.Expect("layernorm_elementwise_affine", true);
        tokenizer.Expect("disable_last_norm", true);
        if (tokenizer.Count("channels", 1) is var channels and not 1)
        {
            throw tokenizer.Wrong("channels", $"{channels}", "1");
        }
    }
}
