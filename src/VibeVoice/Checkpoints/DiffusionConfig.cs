namespace VibeVoice.Checkpoints;

/// <summary>The diffusion head that makes one latent from two conditions.</summary>
/// <param name="HiddenSize">Its width, which is also that of the conditions.</param>
/// <param name="FrequencySize">The width of the sinusoidal embedding of a timestep; not in the configuration.</param>
internal sealed record DiffusionConfig(
    int HiddenSize,
    int FfnSize,
    int Layers,
    int LatentSize,
    float RmsNormEpsilon,
    int TrainingSteps,
    int DefaultInferenceSteps,
    int FrequencySize
)
{
    private const int FrequencySizeOfTheReference = 256;

    public static DiffusionConfig Read(JsonFile head, LanguageConfig language)
    {
        const int maximumSteps = 100_000;
        const int maximumLayers = 1024;
        var hiddenSize = head.Count("hidden_size");
        if (hiddenSize != language.HiddenSize)
        {
            throw head.Wrong("hidden_size", $"{hiddenSize}", $"the decoder's hidden size {language.HiddenSize}");
        }

        head.Expect("prediction_type", "v_prediction");
        head.Expect("ddpm_beta_schedule", "cosine", "squaredcos_cap_v2"); // two names of one schedule
        var ffnRatio = head.Positive("head_ffn_ratio", 3.0);
        if (hiddenSize * ffnRatio is < 1 or > int.MaxValue)
        {
            throw head.Wrong("head_ffn_ratio", $"{ffnRatio}", "a ratio that gives a width of at least 1");
        }

        return new DiffusionConfig(
            hiddenSize,
            (int)(hiddenSize * ffnRatio),
            head.Count("head_layers", maximum: maximumLayers),
            head.Count("latent_size"),
            (float)head.Positive("rms_norm_eps", 1e-5),
            head.Count("ddpm_num_steps", 1000, maximumSteps),
            head.Count("ddpm_num_inference_steps", 20, maximumSteps),
            FrequencySizeOfTheReference
        );
    }
}
