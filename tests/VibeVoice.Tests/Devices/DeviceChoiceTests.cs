using VibeVoice.Devices;

namespace VibeVoice.Tests.Devices;

public sealed class DeviceChoiceTests
{
    private static readonly CudaFacts Whole = new()
    {
        IsInTheBuild = true,
        HasDriver = true,
        DriverVersion = 12_080,
        RuntimeVersion = 12_080,
        CudnnVersion = 90_701,
        Devices = ["NVIDIA L4"],
    };

    public static TheoryData<string, string> Lacks =>
        new()
        {
            { "build", "This build of the program computes on the CPU only" },
            { "driver", "There is no NVIDIA driver here (libcuda.so.1 was not found)" },
            { "device", "The NVIDIA driver is here, but shows no GPU" },
            { "devices", "The NVIDIA driver is here, but shows no GPU" },
            { "kernel module", "The NVIDIA driver answered with CUDA error 803" },
            { "new driver", "The NVIDIA driver runs CUDA 11.8 at most, but this build needs CUDA 12.0 or newer" },
            { "libraries", "Of CUDA's libraries libcublasLt.so.12, libcudnn.so.9 cannot be loaded" },
        };

    [Theory]
    [MemberData(nameof(Lacks))]
    public void What_is_lacking_is_told_in_a_sentence_and_never_replaced(string what, string sentence)
    {
        var facts = Without(what);

        facts.Problem.ShouldNotBeNull().ShouldStartWith(sentence);
        facts.Problem.ShouldEndWith(".");
        Should.Throw<DeviceUnavailableException>(() => DeviceChoice.Cuda(facts)).Message.ShouldBe(facts.Problem);
        var choice = DeviceChoice.Automatic(facts);
        choice.Device.ShouldBe(ModelDevice.Cpu);
        choice.DefaultPrecision.ShouldBe(ModelPrecision.Int8);
        choice.Reason.ShouldBe($"The CPU was chosen, since CUDA cannot be used. {facts.Problem}");
    }

    [Fact]
    public void Where_nothing_is_lacking_CUDA_is_chosen_and_named()
    {
        Whole.Problem.ShouldBeNull();
        DeviceChoice
            .Automatic(Whole)
            .ShouldBe(
                new(
                    ModelDevice.Cuda,
                    "CUDA was chosen: NVIDIA L4, driver for CUDA 12.8, CUDA 12.8 and cuDNN 9.7.1 (12 and 9 are needed)."
                )
            );
        DeviceChoice.Cuda(Whole).DefaultPrecision.ShouldBe(ModelPrecision.Float16);
    }

    [Fact]
    public void Libraries_of_another_version_are_named_beside_those_that_lack()
    {
        var facts = Without("libraries") with { OtherLibraries = ["libcudart.so.13", "libcudnn.so.8"] };

        facts.Problem.ShouldNotBeNull().ShouldEndWith("do not do, and found were libcudart.so.13, libcudnn.so.8.");
    }

    [Fact]
    public void A_build_without_CUDA_says_so_and_chooses_the_processor_by_itself()
    {
        Assert.SkipWhen(DeviceChoice.IsCudaBuild, "This build has CUDA.");

        Should
            .Throw<DeviceUnavailableException>(() => DeviceChoice.Make(ModelDevice.Cuda))
            .Message.ShouldStartWith("This build of the program computes on the CPU only");
        Should.Throw<DeviceUnavailableException>(CudaDevice.Open);
        DeviceChoice.Make(ModelDevice.Auto).Device.ShouldBe(ModelDevice.Cpu);
        DeviceChoice.Make(ModelDevice.Cpu).Reason.ShouldBe("The CPU was asked for.");
        Should.Throw<ArgumentOutOfRangeException>(() => DeviceChoice.Make((ModelDevice)9));
    }

    [Fact]
    public async Task A_model_that_shall_compute_on_a_device_that_is_not_there_is_not_loaded()
    {
        Assert.SkipWhen(DeviceChoice.IsCudaBuild, "This build has CUDA.");

        await Should.ThrowAsync<DeviceUnavailableException>(() =>
            VibeVoiceModel.LoadAsync(
                GoldenFiles.Tiny,
                new ModelOptions { Device = ModelDevice.Cuda },
                TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public void The_machine_can_be_examined_whatever_it_has()
    {
        var facts = CudaDriver.ExamineMachine();

        facts.IsInTheBuild.ShouldBeTrue();
        (facts.HasDriver || facts.Problem!.Contains(CudaLibraries.Driver, StringComparison.Ordinal)).ShouldBeTrue();
    }

    private static CudaFacts Without(string what) =>
        what switch
        {
            "build" => new CudaFacts(),
            "driver" => new CudaFacts { IsInTheBuild = true },
            "device" => Whole with { DriverAnswer = CudaDriver.NoDevice, Devices = [] },
            "devices" => Whole with { Devices = [] },
            "kernel module" => Whole with { DriverAnswer = 803, Devices = [] },
            "new driver" => Whole with { DriverVersion = 11_080 },
            _ => Whole with { MissingLibraries = ["libcublasLt.so.12", "libcudnn.so.9"] },
        };
}
