using System.Runtime.InteropServices;
using VibeVoice.Checkpoints;
using VibeVoice.Graphs;
using VibeVoice.Native;

namespace VibeVoice.Tests.Native;

public sealed class DamagedWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model.language_model.layers.0.mlp.down_proj.weight", ModelPrecision.Int8)]
    [InlineData("model.language_model.layers.0.mlp.down_proj.weight", ModelPrecision.Float32)]
    [InlineData("model.prediction_head.layers.0.ffn.down_proj.weight", ModelPrecision.Int4)]
    [InlineData("model.prediction_head.noisy_images_proj.weight", ModelPrecision.Int8)] // exact in any precision
    public void A_weight_that_is_not_finite_is_told_with_its_name(string name, ModelPrecision precision)
    {
        foreach (var number in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            using var checkpoint = Checkpoint.Open(Damage(name, number));

            Should
                .Throw<ModelFormatException>(() =>
                    NativeEngine.Load(
                        checkpoint,
                        new NativeOptions(1, PartPrecisions.All(precision)),
                        CancellationToken.None
                    )
                )
                .Message.ShouldBe(
                    $"Weight '{name[..^".weight".Length]}' holds a number that is not finite. "
                        + "Copy the checkpoint again from where it came from."
                );
        }
    }

    /// <summary>The recorded checkpoint with one number changed.</summary>
    private string Damage(string name, float number)
    {
        var folder = Directory.CreateDirectory(_folder.PathOf($"{Guid.NewGuid():N}")).FullName;
        foreach (var file in (string[])["config.json", "preprocessor_config.json"])
        {
            File.Copy(Path.Combine(GoldenFiles.Tiny, file), Path.Combine(folder, file));
        }

        using var weights = SafetensorsFile.Open(Path.Combine(GoldenFiles.Tiny, WeightFiles.FileName));
        SafetensorsWriter.Write(
            Path.Combine(folder, WeightFiles.FileName),
            [
                .. weights.Tensors.Select(tensor =>
                {
                    var numbers = weights.ReadFloat32(tensor.Key);
                    var place = numbers.Length / 2;
                    numbers[place] = tensor.Key == name ? number : numbers[place];
                    return new TensorSource(
                        tensor.Key,
                        TensorDtype.F32,
                        tensor.Value.Shape,
                        (first, bytes) =>
                            MemoryMarshal
                                .AsBytes(numbers.AsSpan())
                                .Slice((int)first * sizeof(float), bytes.Length)
                                .CopyTo(bytes)
                    );
                }),
            ],
            cancellationToken: TestContext.Current.CancellationToken
        );
        return folder;
    }
}
