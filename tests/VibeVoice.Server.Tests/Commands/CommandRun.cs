using System.Diagnostics;
using System.Runtime.InteropServices;
using Testing;

namespace VibeVoice.Server.Tests.Commands;

/// <summary>
/// The published program, or another, as a user of the shell runs it: an environment of its own, bytes in, bytes out.
/// Disposing ends it and every process that it left.
/// </summary>
internal sealed class CommandRun : IAsyncDisposable
{
    private const string Marker = "VIBEVOICE_TEST_RUN";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly string _runId = Guid.NewGuid().ToString("N");
    private readonly Task<byte[]> _output;
    private readonly Task<byte[]> _errors;
    private readonly MemoryStream _errorsSoFar = new();

    private CommandRun(string program, IEnumerable<string> arguments, RunOptions options)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = options.Folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in new[] { "PATH", "HOME", "DOTNET_ROOT" })
        {
            start.Environment[name] = Environment.GetEnvironmentVariable(name);
        }

        start.Environment[Marker] = _runId;
        start.Environment["VIBEVOICE_ENGINE"] = "preview";
        foreach (var (name, value) in options.Variables)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _output = ReadAsync(_process.StandardOutput.BaseStream, new MemoryStream());
        _errors = ReadAsync(_process.StandardError.BaseStream, _errorsSoFar);
        if (options.Input is { } input)
        {
            _ = FeedAsync(input);
        }
        else if (!options.KeepsInputOpen)
        {
            _process.StandardInput.Close();
        }
    }

    public int Id => _process.Id;

    /// <summary>The published program: what people deploy, not what the compiler left.</summary>
    public static string Program
    {
        get
        {
            var given = Environment.GetEnvironmentVariable("VIBEVOICE_PROGRAM");
            var path = string.IsNullOrEmpty(given)
                ? Repository.PathOf("artifacts", "publish", "vibevoice", "vibevoice")
                : given;
            return File.Exists(path) ? path : throw new InvalidOperationException($"'{path}': run 'make publish'.");
        }
    }

    /// <summary>What it has written to standard error so far.</summary>
    public string ErrorsSoFar
    {
        get
        {
            lock (_errorsSoFar)
            {
                return System.Text.Encoding.UTF8.GetString(_errorsSoFar.ToArray());
            }
        }
    }

    /// <summary>Names of the processes that it started and that still run, also after its own end.</summary>
    public IReadOnlyList<string> Children => [.. RunProcesses().Where(p => p.Id != Id).Select(p => p.Name)];

    public bool HasChild(string name) => Children.Any(child => string.Equals(child, name, StringComparison.Ordinal));

    /// <summary>Runs <c>vibevoice</c> to its end.</summary>
    public static Task<CommandResult> VibeVoiceAsync(RunOptions options, params string[] arguments) =>
        RunAsync(Program, arguments, options);

    public static async Task<CommandResult> RunAsync(string program, string[] arguments, RunOptions options)
    {
        await using var run = Start(program, arguments, options);
        return await run.ExitAsync();
    }

    public static CommandRun Start(string program, string[] arguments, RunOptions options) =>
        new(program, arguments, options);

    public void Signal(PosixSignal signal) => Kill(Id, signal == PosixSignal.SIGINT ? 2 : 15).ShouldBe(0);

    /// <summary>Ends it and all that it started at once, as a machine that loses its power does.</summary>
    public async Task KillAllAsync()
    {
        const int sigkill = 9;
        while (RunProcesses() is { Count: > 0 } left)
        {
            foreach (var (id, _) in left)
            {
                _ = Kill(id, sigkill);
            }

            await Task.Delay(5);
        }
    }

    public async Task<CommandResult> ExitAsync()
    {
        var all = Task.WhenAll(_process.WaitForExitAsync(), _output, _errors);
        if (await Task.WhenAny(all, Task.Delay(Patience)) != all)
        {
            Assert.Fail($"It should have ended. It said: {ErrorsSoFar}");
        }

        await all;
        return new CommandResult(_process.ExitCode, await _output, ErrorsSoFar);
    }

    /// <summary>Its exit code, also while another process still holds its pipes open.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Waits for something that the running program does.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(5))
        {
            if (waited.Elapsed > Patience || _process.HasExited)
            {
                Assert.Fail($"Waited for {what}, in vain. It said: {ErrorsSoFar}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAllAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private List<(int Id, string Name)> RunProcesses()
    {
        var found = new List<(int, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && Read(folder, "environ").Contains(_runId))
            {
                found.Add((id, Read(folder, "comm").Trim()));
            }
        }

        return found;
    }

    private static string Read(string folder, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ""; // it ended while we looked
        }
    }

    private async Task FeedAsync(byte[] input)
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(input);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all.
        }
    }

    private static async Task<byte[]> ReadAsync(Stream source, MemoryStream target)
    {
        var buffer = new byte[64 * 1024];
        while (await source.ReadAsync(buffer) is > 0 and var count)
        {
            lock (target)
            {
                target.Write(buffer.AsSpan(0, count));
            }
        }

        return target.ToArray();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

/// <summary>How a program is run.</summary>
/// <param name="Folder">Its work directory.</param>
internal sealed record RunOptions(string Folder)
{
    /// <summary>Standard input; null is none.</summary>
    public byte[]? Input { get; init; }

    /// <summary>A standard input that never ends.</summary>
    public bool KeepsInputOpen { get; init; }

    public Dictionary<string, string?> Variables { get; init; } = new(StringComparer.Ordinal);

    public RunOptions With(string name, string? value) =>
        this with
        {
            Variables = new(Variables, StringComparer.Ordinal) { [name] = value },
        };
}

/// <summary>What a program left behind.</summary>
internal sealed record CommandResult(int ExitCode, byte[] Output, string Errors)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Output);
}
