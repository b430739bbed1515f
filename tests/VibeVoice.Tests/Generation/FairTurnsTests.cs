using VibeVoice.Generation;

namespace VibeVoice.Tests.Generation;

public sealed class FairTurnsTests
{
    private readonly FairTurns _turns = new();

    [Fact]
    public async Task Turns_come_in_the_order_of_asking()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var order = new List<int>();
        var first = await _turns.TakeAsync(cancellationToken);
        var waiting = Enumerable
            .Range(0, 5)
            .Select(async i =>
            {
                using var turn = await _turns.TakeAsync(cancellationToken);
                order.Add(i);
            })
            .ToArray();

        first.Dispose();
        await Task.WhenAll(waiting);

        order.ShouldBe([0, 1, 2, 3, 4]);
    }

    [Fact]
    public async Task One_who_gives_up_waiting_is_passed_over()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var givesUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await _turns.TakeAsync(cancellationToken);
        var second = _turns.TakeAsync(givesUp.Token).AsTask();
        var third = _turns.TakeAsync(cancellationToken).AsTask();

        await givesUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(second);
        third.IsCompleted.ShouldBeFalse();
        first.Dispose();
        (await third).Dispose();

        using var free = await _turns.TakeAsync(cancellationToken);
    }
}
