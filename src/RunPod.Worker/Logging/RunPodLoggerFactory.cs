using System.Text;
using Microsoft.Extensions.Logging;

namespace RunPod.Worker.Logging;

/// <summary>One provider and nothing else: enough for a program that has no logging of its own.</summary>
internal sealed class RunPodLoggerFactory(RunPodLoggerProvider provider, TextWriter output) : ILoggerFactory
{
    /// <summary>Standard output is for the log on RunPod, and for the result of a job that is run here.</summary>
    public static RunPodLoggerFactory ForProcess(RunPodWorkerOptions options, bool isLocal)
    {
        var stream = isLocal ? Console.OpenStandardError() : Console.OpenStandardOutput();
        var output = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 16 * 1024)
        {
            NewLine = "\n",
        };
        var isJson = !isLocal && options.EndpointId is not null;
        return new RunPodLoggerFactory(new RunPodLoggerProvider(output, isJson, options.LogLevel), output);
    }

    public ILogger CreateLogger(string categoryName) => provider.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("This factory has one provider; give the worker a LoggerFactory of your own.");

    public void Dispose()
    {
        provider.Dispose();
        output.Dispose();
    }
}
