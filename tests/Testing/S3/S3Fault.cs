namespace Testing.S3;

/// <summary>What goes wrong with a request. Without any of these it is passed on as it came.</summary>
public sealed record S3Fault
{
    /// <summary>HTTP status to answer with instead of passing the request on.</summary>
    public int? Status { get; init; }

    /// <summary>Body of that answer.</summary>
    public string Xml { get; init; } = "";

    /// <summary>How far ahead the clock is by which the store dates that answer.</summary>
    public TimeSpan ClockAhead { get; init; }

    /// <summary>Time to wait first.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Time for which the store thinks before it acts, whether or not the caller still listens.</summary>
    public TimeSpan Lag { get; init; }

    /// <summary>The connection ends before the store sees the request.</summary>
    public bool CutsRequest { get; init; }

    /// <summary>The store does what was asked, but the connection ends before its answer arrives.</summary>
    public bool CutsAnswer { get; init; }

    /// <summary>A refusal in S3's words.</summary>
    public static S3Fault Refusal(int status, string code, string message = "Refused by the test.") =>
        new() { Status = status, Xml = $"<Error><Code>{code}</Code><Message>{message}</Message></Error>" };
}
