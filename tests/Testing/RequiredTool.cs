namespace Testing;

/// <summary>
/// Real programs that tests run. One that is missing skips the test on a developer's machine; with <c>CI=true</c> it
/// fails it, since <c>make test</c> installs them all.
/// </summary>
public static class RequiredTool
{
    /// <summary>The full path of <paramref name="name"/> on the PATH.</summary>
    public static string Find(string name)
    {
        if (TryFind(name) is { } path)
        {
            return path;
        }

        var message = $"'{name}' is not on the PATH; 'make setup' installs it.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(message);
        }

        Assert.Skip(message);
        return message;
    }

    private static string? TryFind(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
