using System.CommandLine;
using System.Globalization;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Http;

namespace VibeVoice.Server.Commands;

/// <summary><c>vibevoice serve</c>: the HTTP server, behind RunPod's load balancer or anywhere else.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var port = new Option<int?>("--port")
        {
            Description = "Port to listen on, at all addresses. [default: PORT, else 80]",
            HelpName = "number",
        };
        var engine = SpeakCommand.EngineOption();
        var model = SpeakCommand.ModelOption();
        var device = DeviceOption.CreateForEndpoint();
        var precision = PrecisionOption.Create();
        var command = new Command(
            "serve",
            "Answers OpenAI's speech API over HTTP (docs/http.md), until it is stopped; what runs then is spoken to its end."
        )
        {
            port,
            engine,
            model,
            device,
            precision,
        };
        command.SetGuardedAction(
            (result, stopping) =>
                ServeAsync(
                    Configuration.Load(
                        ("PORT", result.GetValue(port)?.ToString(CultureInfo.InvariantCulture)),
                        ("VIBEVOICE_ENGINE", result.GetValue(engine)),
                        ("MODEL_PATH", result.GetValue(model)),
                        (DeviceOption.Setting, result.GetValue(device)),
                        (PrecisionOption.Setting, result.GetValue(precision))
                    ),
                    stopping
                )
        );
        return command;
    }

    private static async Task<int> ServeAsync(IConfiguration configuration, CancellationToken stopping)
    {
        using var logs = Logging.ForQueue(Logging.Platform(configuration));
        await using var services = SpeechServices.Build(configuration, logs);
        await using var server = await HttpServer.StartAsync(services, stopping);
        var urls = string.Join(" and ", server.Urls);
        await EngineStart.LoadAsync(services, $"to the clients of {urls}", stopping);
        server.State.BecomeReady();
        await Task.Delay(Timeout.Infinite, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await server.StopAsync();
        return ExitCode.Done;
    }
}
