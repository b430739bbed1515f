using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Testing;

namespace VibeVoice.Server.Tests.Http.Page;

/// <summary>One Chromium for all tests of a class, driven by tests/tools/page/driver.mjs; started by the first that plays a scenario.</summary>
public sealed class PageBrowser : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly List<string> _complaints = [];
    private Process? _driver;

    /// <summary>Plays a scenario and returns what came out of it; fails with what went wrong in the page.</summary>
    /// <param name="scenario">A function of tests/tools/page/scenarios.mjs.</param>
    /// <param name="stage">The server whose page it is.</param>
    /// <param name="arguments">What else the scenario needs.</param>
    /// <param name="onNote">Called when the scenario has come to a point that the test waits for.</param>
    internal async Task<JsonElement> PlayAsync(
        string scenario,
        HttpStage stage,
        JsonObject? arguments = null,
        Action? onNote = null
    )
    {
        _driver ??= Start();
        var request = arguments ?? [];
        request["scenario"] = scenario;
        // By name, since a browser takes only such pages from http for as safe as those from https.
        request["url"] = $"http://localhost:{stage.Port}/";
        await _driver.StandardInput.WriteLineAsync(request.ToJsonString());
        while (true)
        {
            var line = await _driver.StandardOutput.ReadLineAsync().WaitAsync(_patience);
            var answer = JsonElement.Parse(line ?? throw new InvalidOperationException(Complaints()));
            if (answer.TryGetProperty("note", out _))
            {
                onNote?.Invoke();
                continue;
            }

            answer.TryGetProperty("error", out var error).ShouldBeFalse($"{error}\n{answer.GetProperty("problems")}");
            answer.GetProperty("problems").EnumerateArray().Select(problem => problem.GetString()).ShouldBeEmpty();
            return answer.GetProperty("result");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_driver is null)
        {
            return;
        }

        // Its input at an end, it closes the browser and ends.
        _driver.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _driver.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_driver.HasExited)
        {
            _driver.Kill(entireProcessTree: true);
        }

        _driver.Dispose();
    }

    private Process Start()
    {
        NodePackage.Find("playwright-core");
        var driver = Process.Start(
            new ProcessStartInfo(
                RequiredTool.Find("node"),
                [Repository.PathOf("tests", "tools", "page", "driver.mjs"), RequiredTool.Find("chromium")]
            )
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        driver.ErrorDataReceived += (_, line) =>
        {
            lock (_complaints)
            {
                _complaints.Add(line.Data ?? "");
            }
        };
        driver.BeginErrorReadLine();
        return driver;
    }

    private string Complaints()
    {
        lock (_complaints)
        {
            return $"The driver of the browser has ended: {string.Join('\n', _complaints)}";
        }
    }
}
