namespace Testing.Programs;

/// <summary>The published programs: what people deploy, not what the compiler left.</summary>
public static class PublishedProgram
{
    /// <summary>
    /// Where <c>vibevoice</c> is: VIBEVOICE_PROGRAM, else where 'make publish' leaves it. Skips the test where there is
    /// none, and fails it with <c>CI=true</c>.
    /// </summary>
    public static string Find() => Find("VIBEVOICE_PROGRAM", "vibevoice", "vibevoice");

    /// <summary>The same of the sample worker: ECHO_WORKER_PROGRAM, else where 'make publish' leaves it.</summary>
    public static string FindEchoWorker() => Find("ECHO_WORKER_PROGRAM", "echo-worker", "EchoWorker");

    private static string Find(string variable, string folder, string name)
    {
        var path = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given
            ? given
            : Repository.PathOf("artifacts", "publish", folder, name);
        if (File.Exists(path))
        {
            return path;
        }

        var message = $"'{path}' does not exist; 'make publish' makes it.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(message);
        }

        Assert.Skip(message);
        return path;
    }
}
