using System.Text.Json.Serialization;
using RunPod.Worker;
using RunPod.Worker.Emulator;

var handler = JobHandlers.Create(new Greeter(), GreeterJson.Default);
var options = RunPodWorkerOptions.FromProcess(args);
return options.Flags.ServesApi
    ? await RunPodLocalApi.RunAsync(handler, options)
    : await RunPodWorker.RunAsync(handler, options);

internal sealed class Greeter : IJobHandler<Person, Greeting>
{
    public Task<Greeting> HandleAsync(Person input, JobContext job, CancellationToken cancellationToken) =>
        Task.FromResult(new Greeting($"Hello, {input.Name}!"));
}

internal sealed record Person([property: JsonRequired] string Name);

internal sealed record Greeting(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Person))]
[JsonSerializable(typeof(Greeting))]
internal sealed partial class GreeterJson : JsonSerializerContext;
