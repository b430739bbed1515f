using System.Diagnostics;
using System.Globalization;

namespace Testing.S3;

/// <summary>
/// s3rver, an S3 server that nobody wrote for this program, on a free port with a bucket of its own. It lets wrong
/// secrets pass, knows no abort and lists no uploads: <see cref="S3Proxy"/> stands in front of it for those.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    /// <summary>The only access key it knows; any secret will do.</summary>
    public const string AccessKeyId = "S3RVER";

    public const string Bucket = "audio";

    private static readonly TimeSpan _startDeadline = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private S3Server(Process process, DirectoryInfo folder, Uri url)
    {
        _process = process;
        _folder = folder;
        Url = url;
    }

    public Uri Url { get; }

    /// <summary>Starts it; skips the test where node or its packages are missing, and fails it with <c>CI=true</c>.</summary>
    public static async Task<S3Server> StartAsync(CancellationToken cancellationToken)
    {
        var node = RequiredTool.Find("node");
        var script = NodePackage.Find("s3rver", "bin", "s3rver.js");
        var folder = Directory.CreateTempSubdirectory("s3rver-");
        var start = new ProcessStartInfo(node)
        {
            ArgumentList =
            {
                "--openssl-legacy-provider", // its continuation tokens are DES
                script,
                "--directory",
                folder.FullName,
                "--address",
                "127.0.0.1",
                "--port",
                "0",
                "--silent",
                "--configure-bucket",
                Bucket,
            },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Both pipes are read to the end, or it would block once they are full.
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("S3rver listening on ", StringComparison.Ordinal) is true)
            {
                listening.TrySetResult(
                    int.Parse(line.Data.AsSpan(line.Data.LastIndexOf(':') + 1), CultureInfo.InvariantCulture)
                );
            }
        };
        process.ErrorDataReceived += (_, _) => { };
        process.Exited += (_, _) =>
            listening.TrySetException(new InvalidOperationException("s3rver ended before it listened."));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            var port = await listening.Task.WaitAsync(_startDeadline, cancellationToken);
            return new S3Server(process, folder, new Uri($"http://127.0.0.1:{port}"));
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Makes an object as old as if it had been put so long ago: the date it reports is that of a file.</summary>
    public void Age(string key, TimeSpan age) =>
        File.SetLastWriteTimeUtc(
            Path.Combine(_folder.FullName, Bucket, $"{key}._S3rver_object"),
            DateTime.UtcNow - age
        );

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
