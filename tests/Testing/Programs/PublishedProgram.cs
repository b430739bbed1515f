namespace Testing.Programs;

/// <summary>The published <c>vibevoice</c>: what people deploy, not what the compiler left.</summary>
public static class PublishedProgram
{
    /// <summary>
    /// Where it is: VIBEVOICE_PROGRAM, else where 'make publish' leaves it. Skips the test where there is none, and fails
    /// it with <c>CI=true</c>.
    /// </summary>
    public static string Find()
    {
        var path = Environment.GetEnvironmentVariable("VIBEVOICE_PROGRAM") is { Length: > 0 } given
            ? given
            : Repository.PathOf("artifacts", "publish", "vibevoice", "vibevoice");
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
