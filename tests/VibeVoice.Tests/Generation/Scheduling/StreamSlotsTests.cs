using VibeVoice.Generation.Scheduling;

namespace VibeVoice.Tests.Generation.Scheduling;

public sealed class StreamSlotsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slots_come_in_the_order_of_asking()
    {
        var slots = new StreamSlots(2, mostWaiting: 5);
        var order = new List<int>();
        var (first, second) = (await slots.TakeAsync(Cancellation), await slots.TakeAsync(Cancellation));
        var waiting = Enumerable
            .Range(0, 5)
            .Select(async i =>
            {
                using var slot = await slots.TakeAsync(Cancellation);
                order.Add(i);
            })
            .ToArray();

        slots.Taken.ShouldBe(2);
        first.Dispose();
        first.Dispose(); // gives back one slot all the same
        await Task.WhenAll(waiting);

        order.ShouldBe([0, 1, 2, 3, 4]);
        slots.Taken.ShouldBe(1);
        second.Dispose();
        slots.Taken.ShouldBe(0);
    }

    [Fact]
    public async Task No_more_wait_than_may()
    {
        var slots = new StreamSlots(1, mostWaiting: 1);
        using var givesUp = new CancellationTokenSource();
        var first = await slots.TakeAsync(Cancellation);
        var second = slots.TakeAsync(givesUp.Token).AsTask();

        var busy = await Should.ThrowAsync<ModelBusyException>(async () => await slots.TakeAsync(Cancellation));
        (busy.Slots, busy.Waiting).ShouldBe((1, 1));
        await givesUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(second);
        var third = slots.TakeAsync(Cancellation).AsTask(); // the place is free again
        third.IsCompleted.ShouldBeFalse();
        first.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task Closing_fails_those_who_wait_and_leaves_those_who_hold_one()
    {
        var slots = new StreamSlots(1, mostWaiting: 1);
        var held = await slots.TakeAsync(Cancellation);
        var waiting = slots.TakeAsync(Cancellation).AsTask();

        slots.Close();

        await Should.ThrowAsync<ObjectDisposedException>(waiting);
        await Should.ThrowAsync<ObjectDisposedException>(async () => await slots.TakeAsync(Cancellation));
        held.Dispose();
    }
}
