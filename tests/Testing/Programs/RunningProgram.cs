using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Testing.Programs;

/// <summary>
/// A program as its users run it: a process with an environment of its own, of which nothing but what is given and the
/// way to other programs is inherited. Disposing ends it and every process that it left.
/// </summary>
public sealed class RunningProgram : IAsyncDisposable
{
    private const string Marker = "TESTING_RUN_ID";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "DOTNET_ROOT"];

    private readonly Process _process;
    private readonly string _runId = Guid.NewGuid().ToString("N");
    private readonly Captured _output;
    private readonly Captured _errors;

    private RunningProgram(
        string path,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>> environment,
        string workDirectory,
        ProgramInput input
    )
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            WorkingDirectory = workDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in Inherited.Where(name => Environment.GetEnvironmentVariable(name) is not null))
        {
            start.Environment[name] = Environment.GetEnvironmentVariable(name);
        }

        start.Environment[Marker] = _runId;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value; // null takes away what was there
        }

        _process = Process.Start(start)!;
        _output = new Captured(_process.StandardOutput.BaseStream);
        _errors = new Captured(_process.StandardError.BaseStream);
        _ = FeedAsync(input);
    }

    /// <summary>What it has written to standard output so far.</summary>
    public string Output => _output.Text;

    /// <summary>The same, as bytes.</summary>
    public byte[] OutputBytes => _output.Bytes;

    /// <summary>What it has written to standard error so far.</summary>
    public string Errors => _errors.Text;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The processes that it started and that run, also after its own end.</summary>
    public IReadOnlyList<TableEntry> Children =>
        [.. ProcessTable.WithVariable(Marker, _runId).Where(entry => entry.Id != _process.Id)];

    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Its variables; null values are not set.</param>
    /// <param name="workDirectory">Where it runs.</param>
    /// <param name="input">What it reads from standard input; nothing when null.</param>
    public static RunningProgram Start(
        string path,
        IEnumerable<string> arguments,
        IEnumerable<KeyValuePair<string, string?>> environment,
        string workDirectory,
        ProgramInput? input = null
    ) => new(path, arguments, environment, workDirectory, input ?? new ProgramInput([]));

    public void Signal(PosixSignal signal) =>
        ProcessTable.Signal(
            _process.Id,
            signal switch
            {
                PosixSignal.SIGHUP => 1,
                PosixSignal.SIGINT => 2,
                PosixSignal.SIGTERM => 15,
                _ => throw new ArgumentOutOfRangeException(
                    nameof(signal),
                    signal,
                    "Only SIGHUP, SIGINT and SIGTERM are known."
                ),
            }
        );

    /// <summary>Waits for its end and for all that it wrote; gives the exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            await Task.WhenAll(_output.Ended, _errors.Ended).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The program should have ended. It wrote:\n{Output}\n{Errors}", exception);
        }

        return _process.ExitCode;
    }

    /// <summary>Waits for its end alone: another process may hold its pipes open.</summary>
    public async Task<int> ExitCodeAsync(TimeSpan? within = null)
    {
        await _process.WaitForExitAsync().WaitAsync(within ?? Patience);
        return _process.ExitCode;
    }

    /// <summary>Waits until it has written a text, to either output.</summary>
    public async Task WaitForTextAsync(string text)
    {
        var waited = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal) && !Errors.Contains(text, StringComparison.Ordinal))
        {
            if (waited.Elapsed > Patience || (_process.HasExited && _output.Ended.IsCompleted))
            {
                throw new TimeoutException($"The program should have written '{text}'. It wrote:\n{Output}\n{Errors}");
            }

            await Task.Delay(5);
        }
    }

    /// <summary>Ends it and all that it started at once, as a machine that loses its power does.</summary>
    public async Task KillAllAsync()
    {
        // Its children, too: they could not be told from those of others once it is gone.
        const int sigkill = 9;
        while (ProcessTable.WithVariable(Marker, _runId) is { Count: > 0 } left)
        {
            foreach (var entry in left)
            {
                ProcessTable.Signal(entry.Id, sigkill);
            }

            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAllAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task FeedAsync(ProgramInput input)
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(input.Bytes);
            if (!input.StaysOpen)
            {
                _process.StandardInput.Close();
            }
        }
        catch (IOException)
        {
            // It ended without reading all.
        }
    }

    /// <summary>What comes out of a pipe, read to its end so that the program never waits for us.</summary>
    private sealed class Captured
    {
        private readonly List<byte> _bytes = [];

        public Captured(Stream source) => Ended = Task.Run(() => ReadAsync(source));

        public Task Ended { get; }

        public byte[] Bytes
        {
            get
            {
                lock (_bytes)
                {
                    return [.. _bytes];
                }
            }
        }

        public string Text => Encoding.UTF8.GetString(Bytes);

        private async Task ReadAsync(Stream source)
        {
            var buffer = new byte[64 * 1024];
            while (await source.ReadAsync(buffer) is > 0 and var count)
            {
                lock (_bytes)
                {
                    _bytes.AddRange(buffer.AsSpan(0, count));
                }
            }
        }
    }
}

/// <summary>What a program reads from standard input.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="StaysOpen">Whether more could come, as from a keyboard.</param>
public sealed record ProgramInput(byte[] Bytes, bool StaysOpen = false);
