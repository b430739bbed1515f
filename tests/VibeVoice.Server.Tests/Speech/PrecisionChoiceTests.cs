using Microsoft.Extensions.Configuration;
using VibeVoice.Server.Commands;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Speech;

/// <summary>The one way to write a precision: of <c>--precision</c>, of MODEL_PRECISION, and of answers.</summary>
public sealed class PrecisionChoiceTests
{
    [Theory]
    [InlineData("auto", "auto")]
    [InlineData("float32", "float32")]
    [InlineData("Float16", "float16")]
    [InlineData(" int8 ", "int8")]
    [InlineData("int4", "int4")]
    [InlineData("int8,decoder=int4", "int8,decoder=int4")]
    [InlineData("int8, Decoder = INT4 , speech=float32", "int8,speech=float32,decoder=int4")]
    [InlineData("decoder=int8", "auto,decoder=int8")]
    [InlineData("auto,text=int8,speech=int8", "auto,text=int8,speech=int8")]
    [InlineData("int8,sampler=int8", "int8")]
    public void What_is_written_is_read_and_written_again(string text, string written)
    {
        var choice = PrecisionChoice.TryParse(text).ShouldNotBeNull();

        choice.ToString().ShouldBe(written);
        PrecisionChoice.TryParse(written)!.ToString().ShouldBe(written);
    }

    [Fact]
    public void Every_part_gets_its_own()
    {
        var choice = PrecisionChoice.TryParse("int8,text=float32,speech=int4,sampler=float16,decoder=int8");

        choice.ShouldBe(
            new PrecisionChoice(
                ModelPrecision.Int8,
                new ModelPartPrecisions
                {
                    Text = ModelPrecision.Float32,
                    Speech = ModelPrecision.Int4,
                    Sampler = ModelPrecision.Float16,
                    Decoder = ModelPrecision.Int8,
                }
            )
        );
        PrecisionChoice.TryParse("int8").ShouldBe(new PrecisionChoice(ModelPrecision.Int8, null));
        PrecisionChoice.TryParse("auto").ShouldBe(PrecisionChoice.Auto);
    }

    [Theory]
    [InlineData("")]
    [InlineData("int9")]
    [InlineData("2")]
    [InlineData("int8,")]
    [InlineData("int8,int4")]
    [InlineData("decoder=int4,int8")]
    [InlineData("int8,decoder")]
    [InlineData("int8,decoder=")]
    [InlineData("int8,decoder=auto")]
    [InlineData("int8,encoder=int4")]
    [InlineData("int8,decoder=int4,decoder=int8")]
    [InlineData("int8,decoder=int4=int8")]
    [InlineData("int8;decoder=int4")]
    public void Anything_else_is_none_and_is_told_in_a_sentence(string text)
    {
        PrecisionChoice.TryParse(text).ShouldBeNull();
        if (text.Length > 0)
        {
            Read(text)
                .ShouldBe(
                    $"MODEL_PRECISION is '{text}', but must be 'auto', 'float32', 'float16', 'int8' or 'int4', or parts of their own "
                        + "behind it, as in 'int8,decoder=int4': text, speech, sampler, decoder."
                );
        }
    }

    [Fact]
    public void What_no_engine_computes_is_told_before_anything_is_loaded() =>
        Should
            .Throw<SettingsException>(() => PrecisionOption.Read("int8,sampler=float16", ModelDevice.Cpu))
            .Message.ShouldBe(
                "Precision 'text int8, speech int8, sampler float16, decoder int8' was asked for, but float16 does not go together "
                    + "with int8 and int4. Choose float32 for that part, which is as exact as the checkpoint."
            );

    [Fact]
    public void A_gpu_does_not_compute_in_integers()
    {
        var gpu = new DeviceChoice(ModelDevice.Cuda, "For a test.");

        gpu.FindProblem(ModelPrecision.Int8, null).ShouldNotBeNull().ShouldContain("on CUDA");
        gpu.FindProblem(null, new ModelPartPrecisions { Decoder = ModelPrecision.Int8 }).ShouldNotBeNull();
        gpu.FindProblem(null, new ModelPartPrecisions { Decoder = ModelPrecision.Float32 }).ShouldBeNull();
        gpu.FindProblem(null, null).ShouldBeNull();
    }

    private static string Read(string text) =>
        Should
            .Throw<SettingsException>(() =>
                SettingsReader.Read<SpeechSettings>(
                    new ConfigurationBuilder()
                        .AddInMemoryCollection([KeyValuePair.Create(PrecisionOption.Setting, (string?)text)])
                        .Build()
                )
            )
            .Message;
}
