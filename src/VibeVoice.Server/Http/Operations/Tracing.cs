using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Http.Operations;

/// <summary>Traces of requests by OpenTelemetry, where somebody collects them.</summary>
internal static class Tracing
{
    /// <param name="services">The server's.</param>
    /// <param name="collector">Address of a collector that takes OTLP by gRPC; null sends nothing.</param>
    public static void AddTraces(this IServiceCollection services, Uri? collector)
    {
        if (collector is null)
        {
            return;
        }

        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("vibevoice", serviceVersion: ProgramVersion.Number))
            .WithTracing(traces =>
                traces
                    .AddAspNetCoreInstrumentation(requests =>
                        requests.Filter = http => !PingEndpoints.IsAskedBy(http.Request)
                    )
                    .AddOtlpExporter(exporter => exporter.Endpoint = collector)
            );
    }
}
