namespace RunPod.Worker.Emulator.Http;

/// <summary>What a person sees who opens the address.</summary>
internal static class Welcome
{
    public static string Text(string baseUrl, string endpointId) =>
        $$$"""
            A RunPod Serverless endpoint on this machine. Send it a job:

              curl -s {{{baseUrl}}}/{{{endpointId}}}/runsync -H 'content-type: application/json' -d '{"input": {}}'

            POST run, runsync, cancel/ID, retry/ID, purge-queue
            GET  status/ID, status-sync/ID, stream/ID, health
            under {{{baseUrl}}}/any-endpoint-id/, or without /v2/any-endpoint-id.

            """;
}
