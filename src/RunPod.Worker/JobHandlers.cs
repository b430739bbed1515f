using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace RunPod.Worker;

/// <summary>Makes a <see cref="JobHandler"/> of handlers that are about types instead of JSON. Thread-safe.</summary>
public static class JobHandlers
{
    /// <summary>A handler that is an object.</summary>
    /// <param name="handler">Does the jobs.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <exception cref="ArgumentException"><paramref name="json"/> does not know one of the types.</exception>
    public static JobHandler Create<TInput, TOutput>(IJobHandler<TInput, TOutput> handler, JsonSerializerContext json)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Create<TInput, TOutput>(handler.HandleAsync, json);
    }

    /// <summary>A handler that is a delegate.</summary>
    /// <param name="handler">Does the jobs.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <exception cref="ArgumentException"><paramref name="json"/> does not know one of the types.</exception>
    public static JobHandler Create<TInput, TOutput>(
        Func<TInput, JobContext, CancellationToken, Task<TOutput>> handler,
        JsonSerializerContext json
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        var inputType = TypeInfo<TInput>(json);
        var outputType = TypeInfo<TOutput>(json);
        return async (job, cancellationToken) =>
        {
            var input = ReadInput(job.Input, inputType);
            var output = await handler(input, job, cancellationToken).ConfigureAwait(false);
            return JobResult.FromValue(output, outputType);
        };
    }

    /// <summary>A streaming handler that is an object.</summary>
    /// <param name="handler">Does the jobs.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <exception cref="ArgumentException"><paramref name="json"/> does not know one of the types.</exception>
    public static JobHandler CreateStream<TInput, TPiece>(
        IStreamJobHandler<TInput, TPiece> handler,
        JsonSerializerContext json
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        return CreateStream<TInput, TPiece>(handler.HandleAsync, json);
    }

    /// <summary>A streaming handler that is a delegate.</summary>
    /// <param name="handler">Does the jobs.</param>
    /// <param name="json">Knows how both types are written as JSON.</param>
    /// <exception cref="ArgumentException"><paramref name="json"/> does not know one of the types.</exception>
    public static JobHandler CreateStream<TInput, TPiece>(
        Func<TInput, JobContext, CancellationToken, IAsyncEnumerable<TPiece>> handler,
        JsonSerializerContext json
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        var inputType = TypeInfo<TInput>(json);
        var pieceType = TypeInfo<TPiece>(json);
        return (job, cancellationToken) =>
        {
            var input = ReadInput(job.Input, inputType);
            var pieces = handler(input, job, cancellationToken);
            return Task.FromResult(JobResult.FromStream(WriteAsync(pieces, pieceType, cancellationToken)));
        };
    }

    private static JsonTypeInfo<T> TypeInfo<T>(JsonSerializerContext json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return json.GetTypeInfo(typeof(T)) as JsonTypeInfo<T>
            ?? throw new ArgumentException(
                $"{json.GetType().Name} does not know {typeof(T).Name}; add [JsonSerializable(typeof({typeof(T).Name}))] to it.",
                nameof(json)
            );
    }

    /// <exception cref="JobFailedException">The input is not what the handler takes; the sentence is for the client.</exception>
    private static T ReadInput<T>(JsonElement input, JsonTypeInfo<T> type)
    {
        if (input.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            throw new JobFailedException("The job has no 'input'; send {\"input\": …}.");
        }

        try
        {
            return input.Deserialize(type) ?? throw new JobFailedException("'input' is empty.");
        }
        catch (JsonException e)
        {
            // The cause says what was there. "The JSON value could not be converted to Person. Path: $.name | …" does not.
            var reason = e.InnerException?.Message ?? e.Message.Split(" Path: ", 2)[0];
            throw new JobFailedException($"'input{e.Path?.TrimStart('$')}' cannot be read: {reason}", e);
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> WriteAsync<T>(
        IAsyncEnumerable<T> pieces,
        JsonTypeInfo<T> type,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var piece in pieces.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return Write(piece, type);
        }
    }

    private static byte[] Write<T>(T piece, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(piece, type);
        }
        catch (Exception e) when (JobResult.IsUnwritable(e))
        {
            throw new JobFailedException($"A piece of the stream cannot be written as JSON: {e.Message}", e);
        }
    }
}
