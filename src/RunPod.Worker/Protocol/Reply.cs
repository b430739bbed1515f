namespace RunPod.Worker.Protocol;

/// <summary>What the platform answered.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="MediaType">Content type without parameters, if any.</param>
/// <param name="Body">The body of a successful GET; empty otherwise.</param>
/// <param name="RetryAfter">The wait that the platform asks for, if it does.</param>
internal sealed record Reply(int Status, string? MediaType, ReadOnlyMemory<byte> Body, TimeSpan? RetryAfter)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether the body claims to be JSON. Like the platform's own client: this type and no other.</summary>
    public bool IsJson => string.Equals(MediaType, "application/json", StringComparison.OrdinalIgnoreCase);
}
