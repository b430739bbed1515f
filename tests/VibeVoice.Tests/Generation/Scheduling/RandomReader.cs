namespace VibeVoice.Tests.Generation.Scheduling;

/// <summary>One who reads a speech in a way of their own, drawn from a seed.</summary>
internal sealed class RandomReader
{
    private readonly Random _random;
    private readonly int _stopsAfter;
    private readonly int _cancelsAfter;
    private readonly int _slowness;

    public RandomReader(int seed)
    {
        _random = new Random(seed);
        Text = string.Join(' ', Enumerable.Range(0, _random.Next(1, 9)).Select(_ => $"word{_random.Next(9)}")) + ".";
        Seed = (ulong)_random.Next(100);
        Together = _random.Next(1, 7);
        _slowness = _random.Next(4);
        (_stopsAfter, _cancelsAfter) = _random.Next(5) switch
        {
            0 => (_random.Next(1, 20), int.MaxValue),
            1 => (int.MaxValue, _random.Next(20)),
            _ => (int.MaxValue, int.MaxValue),
        };
    }

    public string Text { get; }

    public ulong Seed { get; }

    public int Together { get; }

    public SpeakReport Report { get; private set; } = null!;

    /// <summary>Whether it read to the end.</summary>
    public bool IsWhole => Report.EndReason is not (null or SpeechEndReason.Cancelled);

    /// <returns>What it heard.</returns>
    public async Task<float[]> ReadAsync(Func<RandomReader, CancellationToken, Speech> speak, CancellationToken token)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        await PauseAsync(token);
        var speech = speak(this, stop.Token);
        var samples = new List<float>();
        var frames = 0;
        try
        {
            await foreach (var frame in speech.WithCancellation(CancellationToken.None))
            {
                samples.AddRange(frame.Samples.Span);
                if (++frames == _stopsAfter)
                {
                    break;
                }

                if (frames > _cancelsAfter)
                {
                    stop.CancelAfter(TimeSpan.FromMilliseconds(_random.Next(2))); // in whatever it is then doing
                }

                await PauseAsync(token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !token.IsCancellationRequested) { }

        Report = speech.Report;
        return [.. samples];
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        if (_random.Next(30) < _slowness)
        {
            await Task.Delay(_random.Next(4), cancellationToken);
        }
        else if (_slowness > 1)
        {
            await Task.Yield();
        }
    }
}
