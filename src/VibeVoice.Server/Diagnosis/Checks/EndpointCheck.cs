using VibeVoice.Server.Hosting;
using VibeVoice.Server.Http;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Whether RunPod's variables are those that a worker needs.</summary>
internal sealed class EndpointCheck(EndpointOptions endpoint, HttpOptions http, IConfiguration configuration) : ICheck
{
    public Task<CheckResult> RunAsync(CancellationToken cancellationToken) => Task.FromResult(Judge());

    private CheckResult Judge()
    {
        if (endpoint.Type == EndpointType.Lb)
        {
            return CheckResult.Ok($"A load balancer, on port {http.Port}.");
        }

        var platform = Logging.Platform(configuration);
        if (!platform.HasQueue)
        {
            return CheckResult.Note(
                "RUNPOD_WEBHOOK_GET_JOB is not set, as it is not outside RunPod: 'vibevoice worker' runs one job, that of --test_input or "
                    + "test_input.json."
            );
        }

        return platform.FindProblems() is { Count: > 0 } problems
            ? CheckResult.Problem(string.Join(' ', problems))
            : CheckResult.Ok($"A queue, of endpoint '{platform.EndpointId}'.");
    }
}
