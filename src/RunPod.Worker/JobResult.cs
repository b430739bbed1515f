using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RunPod.Worker;

/// <summary>What a job ends with: a value, an error, or a stream of values. Made by the factory methods only.</summary>
public abstract class JobResult
{
    private JobResult() { }

    /// <summary>A result that is JSON already.</summary>
    /// <param name="utf8Json">One JSON value in UTF-8. Text that is not JSON fails the job.</param>
    public static JobResult FromJson(ReadOnlyMemory<byte> utf8Json) => new Value(utf8Json);

    /// <summary>A result to be written as JSON. A value that cannot be (NaN, a cycle) fails the job.</summary>
    public static JobResult FromValue<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        try
        {
            return new Value(JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));
        }
        catch (Exception e) when (IsUnwritable(e))
        {
            return new Failure($"The result of the job cannot be written as JSON: {e.Message}", e);
        }
    }

    /// <summary>A failed job.</summary>
    /// <param name="error">A sentence for the client: what was found, what was expected, what to do.</param>
    public static JobResult FromError(string error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new Failure(error, cause: null);
    }

    /// <summary>
    /// A result in pieces, each sent before the next is asked for. An exception in the enumeration fails the job.
    /// </summary>
    /// <param name="utf8JsonValues">JSON values in UTF-8, each under 1 MB.</param>
    public static JobResult FromStream(IAsyncEnumerable<ReadOnlyMemory<byte>> utf8JsonValues)
    {
        ArgumentNullException.ThrowIfNull(utf8JsonValues);
        return new Pieces(utf8JsonValues);
    }

    /// <summary>What the serializer throws for values that JSON cannot hold: NaN, a cycle, a type it cannot write.</summary>
    internal static bool IsUnwritable(Exception e) =>
        e is ArgumentException or NotSupportedException or JsonException or InvalidOperationException;

    internal sealed class Value(ReadOnlyMemory<byte> utf8Json) : JobResult
    {
        public ReadOnlyMemory<byte> Utf8Json => utf8Json;
    }

    internal sealed class Failure(string error, Exception? cause) : JobResult
    {
        public string Error => error;

        /// <summary>For the log only.</summary>
        public Exception? Cause => cause;
    }

    internal sealed class Pieces(IAsyncEnumerable<ReadOnlyMemory<byte>> utf8JsonValues) : JobResult
    {
        public IAsyncEnumerable<ReadOnlyMemory<byte>> Utf8JsonValues => utf8JsonValues;
    }
}
