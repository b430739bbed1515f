using VibeVoice.Server.Delivery;
using VibeVoice.Server.Settings;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Every value that is not of its kind or out of range, and a bucket that is half set.</summary>
/// <param name="problems">Of the values.</param>
/// <param name="delivery">The bucket.</param>
internal sealed class SettingsCheck(IReadOnlyList<string> problems, DeliveryOptions delivery) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        List<string> all = [.. problems, .. ProblemsOfBucket()];
        return Task.FromResult(
            all.Count == 0 ? CheckResult.Ok("All values can be used.") : CheckResult.Problem(string.Join(' ', all))
        );
    }

    private IReadOnlyList<string> ProblemsOfBucket()
    {
        try
        {
            S3Target.FromOptions(delivery);
            return [];
        }
        catch (SettingsException exception)
        {
            return exception.Problems;
        }
    }
}
