namespace Testing.Hub;

/// <summary>What happens to a request instead of, or beside, its answer.</summary>
public sealed record HubFault
{
    /// <summary>Answered with this status at once.</summary>
    public int? Status { get; init; }

    /// <summary>What is answered with <see cref="Status"/>.</summary>
    public string Body { get; init; } = "";

    /// <summary>Value of Retry-After.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Value of X-Error-Code.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The connection breaks after so many bytes of the body.</summary>
    public int? CutsAfterBytes { get; init; }

    /// <summary>Content is answered whole, whatever range was asked for.</summary>
    public bool IgnoresRange { get; init; }

    /// <summary>The last byte of the body is another one.</summary>
    public bool Corrupts { get; init; }

    /// <summary>Bytes a second of the body.</summary>
    public int? BytesPerSecond { get; init; }
}
