using VibeVoice.Checkpoints;
using VibeVoice.Generation;
using VibeVoice.Onnx;

namespace VibeVoice.Tests.Generation;

/// <summary>Every part of a recorded run, fed with what the reference had there: what one part gets wrong reaches no other.</summary>
internal static class TeacherForced
{
    /// <returns>Signal to error in dB, by the recorded quantity.</returns>
    public static Dictionary<string, double> Run(GraphEngine engine, VoicePreset voice, SafetensorsFile golden)
    {
        var tokens = golden.ReadInt64("token_ids");
        var config = engine.Config;
        var width = config.Language.HiddenSize;
        var latentSize = config.Diffusion.LatentSize;
        var description = GoldenFiles.Describe(golden);
        var frames = (int)golden.Tensors["latent"].Shape[0];
        using var textCache = NewCache(config.Language.TextLayers, engine.Precisions.Text, voice.Text);
        using var positive = NewCache(config.Language.SpeechLayers, engine.Precisions.Speech, voice.Speech);
        using var negative = NewCache(config.Language.SpeechLayers, engine.Precisions.Speech, voice.NegativeSpeech);
        using var text = new TextStep(engine.Text, textCache, width, SpeechRun.TokensPerWindow);
        using var speechText = new TextStep(engine.SpeechText, positive, width, SpeechRun.TokensPerWindow);
        using var step = new FrameStep(engine.SpeechFrame, positive, negative, config);
        var schedule = SolverSchedule.Create(
            description.GetProperty("steps").GetInt32(),
            config.Diffusion.TrainingSteps
        );
        using var sampler = new LatentSampler(engine.SamplerConditions, engine.Sampler, schedule, config.Diffusion);
        using var decoder = new SoundDecoder(engine);
        var made = new Dictionary<string, List<float>>(StringComparer.Ordinal);

        for (var frame = 0; frame < frames; frame++)
        {
            var first = frame / SpeechRun.FramesPerWindow * SpeechRun.TokensPerWindow;
            if (frame % SpeechRun.FramesPerWindow == 0 && first < tokens.Length)
            {
                var count = Math.Min(SpeechRun.TokensPerWindow, tokens.Length - first);
                for (var i = 0; i < count; i++)
                {
                    engine.ReadEmbedding((int)tokens[first + i], text.Embeddings.Slice(i * width, width));
                }

                Add("lm_hidden", text.Run(count));
                golden.ReadFloat32("lm_hidden").AsSpan(first * width, count * width).CopyTo(speechText.Embeddings);
                Add("text_hidden", speechText.Run(count));
            }

            Row("condition", frame, width).CopyTo(sampler.Condition);
            Row("negative_condition", frame, width).CopyTo(sampler.NegativeCondition);
            Row("noise", frame, latentSize).CopyTo(sampler.Latent);
            sampler.Sample(description.GetProperty("cfg_scale").GetSingle());
            Add("latent", sampler.Latent);

            var latent = Row("latent", frame, latentSize);
            Add("audio", decoder.Decode([.. latent.Select(x => (x / engine.ScalingFactor) - engine.BiasFactor)]));
            step.Run(latent);
            Add("speech_hidden", step.Hidden);
            Add("negative_hidden", step.NegativeHidden);
            Add("eos_logit", [step.EndLogit]);
        }

        return made.ToDictionary(part => part.Key, part => Decibels(part.Value, golden.ReadFloat32(part.Key)));

        KeyValueCache NewCache(int layers, ModelPrecision precision, PresetCache prompt)
        {
            var cache = new KeyValueCache(config.Language, layers, engine.Device, precision.ComputeType());
            cache.Prefill(prompt);
            return cache;
        }

        float[] Row(string name, int row, int size) => golden.ReadFloat32(name).AsSpan(row * size, size).ToArray();

        void Add(string name, ReadOnlySpan<float> numbers)
        {
            if (!made.TryGetValue(name, out var all))
            {
                made.Add(name, all = []);
            }

            all.AddRange(numbers);
        }
    }

    private static double Decibels(List<float> numbers, float[] expected)
    {
        numbers.Count.ShouldBeGreaterThanOrEqualTo(expected.Length);
        var (signal, error) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            signal += (double)expected[i] * expected[i];
            error += Math.Pow((double)numbers[i] - expected[i], 2);
        }

        return 10 * Math.Log10(signal / error);
    }
}
