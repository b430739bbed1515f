using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CliWrap;
using CliWrap.Buffered;
using VibeVoice.Server.Encoding;
using VibeVoice.Server.Speech;

namespace VibeVoice.Benchmarks.Scenarios;

/// <summary>The encoder's own command line, run and timed by a shell: what no program around it can do without.</summary>
internal sealed class BareFfmpeg : IDisposable
{
    private const string Timed = """
        begun=$EPOCHREALTIME
        "$@" <"$SAMPLES" >/dev/null 2>&1
        ended=$EPOCHREALTIME
        echo $((${ended/./} - ${begun/./}))
        """;

    private readonly string _samplesPath = Path.GetTempFileName();
    private readonly IReadOnlyList<string> _arguments;

    private BareFfmpeg(IReadOnlyList<string> arguments) => _arguments = arguments;

    public static async Task<BareFfmpeg> PrepareAsync(
        ReadySynthesizer synthesizer,
        EncodingOptions options,
        CancellationToken cancellationToken
    )
    {
        var request = new EncodingRequest
        {
            Format = AudioFormat.Mp3,
            SampleRateHz = synthesizer.SampleRateHz,
            GeneratedBy = "bench",
        };
        var ffmpeg = new BareFfmpeg(["ffmpeg", .. FfmpegArguments.For(request, options)]);
        var samples = MemoryMarshal.AsBytes<float>(synthesizer.Samples.ToArray()).ToArray();
        await File.WriteAllBytesAsync(ffmpeg._samplesPath, samples, cancellationToken);
        return ffmpeg;
    }

    /// <summary>Milliseconds to encode the samples.</summary>
    public Task<double> EncodeAsync(CancellationToken cancellationToken) => TimeAsync(_arguments, cancellationToken);

    /// <summary>Milliseconds until the first byte of the file is written.</summary>
    public async Task<double> FirstByteAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("bash")
        {
            UseShellExecute = false,
            ArgumentList = { "-c", "exec \"$@\" <\"$SAMPLES\"", "bash" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in _arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["SAMPLES"] = _samplesPath;
        var begun = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.BaseStream;
        await output.ReadExactlyAsync(new byte[1], cancellationToken);
        var milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        await output.CopyToAsync(Stream.Null, cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return milliseconds;
    }

    /// <summary>Milliseconds to load the program and its libraries, and to end.</summary>
    public Task<double> StartAsync(CancellationToken cancellationToken) =>
        TimeAsync(["ffmpeg", "-version"], cancellationToken);

    public void Dispose() => File.Delete(_samplesPath);

    private async Task<double> TimeAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var result = await Cli.Wrap("bash")
            .WithArguments(["-c", Timed, "bash", .. command])
            .WithEnvironmentVariables(variables => variables.Set("SAMPLES", _samplesPath))
            .ExecuteBufferedAsync(cancellationToken);
        return double.Parse(result.StandardOutput, CultureInfo.InvariantCulture) / 1000;
    }
}
