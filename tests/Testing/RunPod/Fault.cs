namespace Testing.RunPod;

/// <summary>How the fake platform misbehaves for one request.</summary>
public abstract record Fault
{
    private Fault() { }

    /// <summary>Answers with a status; nothing is accepted.</summary>
    public sealed record Status(int Code, int? RetryAfterSeconds = null) : Fault;

    /// <summary>Hangs up without accepting anything.</summary>
    public sealed record CloseBefore : Fault;

    /// <summary>Accepts what came, then hangs up without an answer.</summary>
    public sealed record CloseAfter : Fault;

    /// <summary>Waits, then behaves well.</summary>
    public sealed record Delay(TimeSpan Time) : Fault;

    /// <summary>Answers 200 with this body, in place of a job or a signal.</summary>
    public sealed record Body(string Text, string ContentType = "application/json") : Fault;

    /// <summary>Accepts nothing and answers with something that is not HTTP.</summary>
    public sealed record Garbage : Fault;

    /// <summary>Never answers.</summary>
    public sealed record Silence : Fault;
}
