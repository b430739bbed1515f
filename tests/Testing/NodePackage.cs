namespace Testing;

/// <summary>
/// Packages of Node.js under tests/tools. One that is missing skips the test on a developer's machine; with <c>CI=true</c>
/// it fails it, since <c>make test</c> installs them all.
/// </summary>
public static class NodePackage
{
    /// <summary>The full path of a file or folder in node_modules.</summary>
    public static string Find(params string[] parts)
    {
        var path = Repository.PathOf(["tests", "tools", "node_modules", .. parts]);
        if (Path.Exists(path))
        {
            return path;
        }

        var message = $"{parts[0]} is not installed; 'make setup' runs 'npm ci' in tests/tools.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(message);
        }

        Assert.Skip(message);
        return path;
    }
}
