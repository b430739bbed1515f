namespace RunPod.Worker.Emulator.Http;

/// <summary>What people are told who start the emulator, or open its address.</summary>
internal static class Welcome
{
    /// <summary>The answer to <c>GET /</c>.</summary>
    public static string Text(string baseUrl, string endpointId) =>
        $$$"""
            A RunPod Serverless endpoint on this machine. Send it a job:

              {{{Curl($"{baseUrl}/{endpointId}", "'{\"input\": {}}'")}}}

            POST run, runsync, cancel/ID, retry/ID, purge-queue
            GET  status/ID, status-sync/ID, stream/ID, health, env (the variables of one more worker)
            under {{{baseUrl}}}/any-endpoint-id/, or without /v2/any-endpoint-id.

            """;

    /// <summary>For the terminal.</summary>
    /// <param name="emulator">It listens.</param>
    /// <param name="sample">A job, as curl's <c>-d</c> wants it.</param>
    public static string Banner(RunPodEmulator emulator, string sample) =>
        $"""
            The endpoint API is at {emulator.EndpointUrl} (any endpoint id, any key). Try:
              {Curl($"{emulator.EndpointUrl}", sample)}
            One more worker, in another terminal: eval "$(curl -s {emulator.EndpointUrl}/env)", then start it.
            """;

    private static string Curl(string endpoint, string sample) =>
        $"curl -s {endpoint}/runsync -H 'content-type: application/json' -d {sample}";
}
