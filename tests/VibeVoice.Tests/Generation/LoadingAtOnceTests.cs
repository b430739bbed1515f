using Testing.Programs;

namespace VibeVoice.Tests.Generation;

/// <summary>Several models in one process.</summary>
public sealed class LoadingAtOnceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_load_beside_each_other()
    {
        var loads = Enumerable
            .Range(0, 8)
            .Select(_ => VibeVoiceModel.LoadAsync(GoldenFiles.Tiny, new ModelOptions { Threads = 1 }, Cancellation));

        foreach (var model in await Task.WhenAll(loads))
        {
            model.Dispose();
        }
    }

    /// <summary>
    /// What the runtime notes once in the life of a process is noted by whichever session comes first, so the other test
    /// meets that moment only in a process that has loaded nothing yet.
    /// </summary>
    [Fact]
    public async Task The_first_models_of_a_process_load_beside_each_other()
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await using var run = RunningProgram.Start(
                Environment.ProcessPath!,
                ["--filter-method", $"*.{nameof(LoadingAtOnceTests)}.{nameof(Models_load_beside_each_other)}"],
                [],
                AppContext.BaseDirectory
            );
            (await run.ExitAsync(TimeSpan.FromMinutes(1))).ShouldBe(0, run.Output);
        }
    }
}
