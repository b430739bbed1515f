using System.Runtime.CompilerServices;
using System.Text.Json;
using RunPod.Worker;

namespace EchoWorker;

/// <summary>The same in pieces: the numbers below <c>stream</c>, or the one output of a job that asks for none.</summary>
internal sealed class EchoStreamHandler : IStreamJobHandler<EchoInput, JsonElement>
{
    public async IAsyncEnumerable<JsonElement> HandleAsync(
        EchoInput input,
        JobContext job,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (input.Stream is not { } count)
        {
            var output = await new EchoHandler().HandleAsync(input, job, cancellationToken);
            yield return JsonSerializer.SerializeToElement(output, EchoJson.Default.EchoOutput);
            yield break;
        }

        for (var number = 0; number < count; number++)
        {
            yield return JsonSerializer.SerializeToElement(number, EchoJson.Default.Int32);
        }

        await EchoHandler.WorkAsync(input, job, cancellationToken);
    }
}
