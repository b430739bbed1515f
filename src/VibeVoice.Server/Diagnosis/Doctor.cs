using System.Globalization;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Diagnosis;

/// <summary>Runs checks side by side, each within a time of its own, and tells what they found in their order.</summary>
/// <param name="services">What checks are made of; settings that are wrong have their defaults there.</param>
internal sealed class Doctor(IServiceProvider services)
{
    /// <summary>For a check that was stopped to clean up; one that hangs is left behind after it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly bool _isPreview = services.GetRequiredService<SpeechSettings>().Engine == SpeechEngine.Preview;

    /// <summary>Runs them; ends within the longest limit and the grace, whatever hangs.</summary>
    public async Task<IReadOnlyList<NamedResult>> RunAsync(
        IEnumerable<CheckEntry> checks,
        CancellationToken cancellationToken
    )
    {
        var results = await Task.WhenAll(checks.Select(check => RunAsync(check, cancellationToken)));
        return WithoutRepetition(results);
    }

    private async Task<NamedResult> RunAsync(CheckEntry check, CancellationToken cancellationToken)
    {
        if (check.IsOfModel && _isPreview)
        {
            return new NamedResult(check.Name, CheckResult.Skipped("The preview voice is chosen, which has no model."));
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(check.Limit);
        try
        {
            var running = Task.Run(() => check.Make(services).RunAsync(limit.Token), CancellationToken.None);
            return new NamedResult(check.Name, await running.WaitAsync(check.Limit + Grace, CancellationToken.None));
        }
        catch (Exception exception)
            when (exception is TimeoutException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            var words = string.Create(
                CultureInfo.InvariantCulture,
                $"It did not come to an end within {check.Limit.TotalSeconds} s. {check.Advice}"
            );
            // A machine that is slow for a moment is no reason to stop a start, which will see for itself.
            return new NamedResult(
                check.Name,
                check.Scope < CheckScope.Full ? CheckResult.Note(words) : CheckResult.Problem(words)
            );
        }
        catch (SettingsException exception)
        {
            return new NamedResult(check.Name, CheckResult.Problem(string.Join(' ', exception.Problems)));
        }
        catch (Exception exception)
            when (exception is SpeechFailedException or S3FailedException or IOException or UnauthorizedAccessException)
        {
            return new NamedResult(check.Name, CheckResult.Problem(exception.Message));
        }
    }

    /// <summary>What several checks stumble over is told by the first of them.</summary>
    private static IReadOnlyList<NamedResult> WithoutRepetition(NamedResult[] results) =>
        [
            .. results.Select(
                (one, index) =>
                    one.IsProblem
                    && results.Take(index).FirstOrDefault(other => other.Result == one.Result) is { } first
                        ? one with
                        {
                            Result = CheckResult.Skipped($"It waits for '{first.Name}'."),
                        }
                        : one
            ),
        ];
}
