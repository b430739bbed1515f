using System.Globalization;
using VibeVoice.Server.Hosting;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Commands;

/// <summary>One line on standard error, rewritten in place on a terminal; elsewhere only the summary at the end.</summary>
internal sealed class ProgressLine(bool isQuiet) : IDisposable
{
    private readonly bool _isLive = !isQuiet && !Console.IsErrorRedirected;
    private bool _isShown;

    public void Report(SpeechProgress progress) =>
        Show($"Speaking… {progress.Spoken.TotalSeconds:F1} s of audio, {progress.ShareOfText:P0} of the text");

    public void Show(FormattableString line)
    {
        if (_isLive)
        {
            _isShown = true;
            Console.Error.Write(ProgressTerminal.ClearLine + line.ToString(CultureInfo.InvariantCulture));
        }
    }

    public void Finish(SpeechSummary report, string name, long bytes)
    {
        Dispose();
        if (isQuiet)
        {
            return;
        }

        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Wrote {name}: {report.Duration.TotalSeconds:F2} s of {report.Format}, {bytes:N0} bytes, voice {report.Voice}, "
                    + $"engine {report.Engine} ({report.Model}), real-time factor {report.RealTimeFactor:F3}."
            )
        );
        foreach (var warning in report.Warnings)
        {
            Console.Error.WriteLine(warning);
        }
    }

    public void Dispose()
    {
        if (_isShown)
        {
            _isShown = false;
            Console.Error.Write(ProgressTerminal.ClearLine);
        }
    }
}
