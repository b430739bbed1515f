using VibeVoice.Server.Speech;
using VibeVoice.Server.Speech.Model;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>What the model will compute on, and for a GPU whether build, driver, CUDA and cuDNN are there.</summary>
internal sealed class DeviceCheck(SpeechSettings settings) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        var choice = VibeVoiceSynthesizer.ChooseDevice(settings);
        return Task.FromResult(
            settings.ModelDevice is null && choice.Device == ModelDevice.Cpu
                ? CheckResult.Ok("The CPU: MODEL_DEVICE is not set, and this build is for the CPU.")
                : CheckResult.Ok(choice.Reason)
        );
    }
}
