using System.Text.Json.Serialization;
using RunPod.Worker;

return await RunPodWorker.RunAsync(new Greeter(), GreeterJson.Default);

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
