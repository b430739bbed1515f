using System.Runtime.Versioning;
using Microsoft.Extensions.Time.Testing;
using VibeVoice.Server.Installation;

namespace VibeVoice.Server.Tests.Installation;

/// <summary>One holder at a time; a dead one is replaced, a living one is not.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LeaseFileTests : IDisposable
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lease-");
    private readonly FakeTimeProvider _time = new();

    private string Lock => PathOf("lock");

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_free_lease_is_held_at_once_and_leaves_nothing()
    {
        await using (await AcquireAsync())
        {
            _folder.GetFiles().Length.ShouldBe(1);
        }

        _folder.GetFiles().ShouldBeEmpty();
    }

    [Fact]
    public async Task While_the_holder_beats_others_wait_however_long()
    {
        var waits = 0;
        var holder = await AcquireAsync();
        var waiting = AcquireAsync(() => waits++);

        await PassAsync(TimeSpan.FromMinutes(2), () => waiting.IsCompleted);
        waiting.IsCompleted.ShouldBeFalse();
        waits.ShouldBe(1);

        await holder.DisposeAsync();
        await PassAsync(TimeSpan.FromSeconds(5), () => waiting.IsCompleted);
        await (await waiting).DisposeAsync();
        _folder.GetFiles().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("1234 0000000007")]
    [InlineData("")] // killed between making the file and writing it
    public async Task A_dead_holder_is_replaced_but_not_before_its_time(string content)
    {
        await File.WriteAllTextAsync(Lock, content, Token);
        var waiting = AcquireAsync();

        await PassAsync(StaleAfter - TimeSpan.FromSeconds(1), () => waiting.IsCompleted);
        waiting.IsCompleted.ShouldBeFalse();
        await PassAsync(TimeSpan.FromSeconds(5), () => waiting.IsCompleted);

        await (await waiting).DisposeAsync();
        _folder.GetFiles().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lease_that_was_taken_over_is_neither_brought_back_nor_overwritten_nor_deleted()
    {
        var frozen = await AcquireAsync();
        await File.WriteAllTextAsync(Lock, "another's", Token);

        await PassAsync(TimeSpan.FromSeconds(10), () => false);
        (await File.ReadAllTextAsync(Lock, Token)).ShouldBe("another's");
        await frozen.DisposeAsync();
        (await File.ReadAllTextAsync(Lock, Token)).ShouldBe("another's");
    }

    [Fact]
    public async Task A_lease_that_was_removed_does_not_come_back()
    {
        await using var frozen = await AcquireAsync();
        File.Delete(Lock);
        await PassAsync(TimeSpan.FromSeconds(10), () => File.Exists(Lock));
        File.Exists(Lock).ShouldBeFalse();
    }

    [Fact]
    public async Task What_killed_holders_left_is_removed_and_what_the_living_hold_is_not()
    {
        var dead = DeadHolder.Lease;
        string[] names = [".lease", "vibevoice.lease", ".setup_lock", $".setup_lock.{Guid.NewGuid():N}.stale"];
        Array.ForEach(names, name => File.WriteAllText(PathOf(name), dead));
        await File.WriteAllTextAsync(PathOf("old.lease"), "5678 0000000007 elsewhere:1:2", Token);
        File.SetLastWriteTimeUtc(PathOf("old.lease"), DateTime.UtcNow.AddHours(-2));
        string[] kept = ["elsewhere.lease", "living.lease", "not.lease.of.ours"];
        await File.WriteAllTextAsync(PathOf("elsewhere.lease"), "5678 0000000007 elsewhere:1:2", Token);
        await File.WriteAllTextAsync(PathOf("not.lease.of.ours"), dead, Token);
        await using (await LeaseFile.AcquireAsync(PathOf("living.lease"), StaleAfter, _time, onWaiting: null, Token))
        {
            Leftovers.Remove(_folder.FullName, TimeProvider.System);
            _folder.GetFiles().Select(file => file.Name).ShouldBe(kept, ignoreOrder: true);
        }
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        await using var holder = await AcquireAsync();
        using var stop = new CancellationTokenSource();
        var waiting = LeaseFile.AcquireAsync(Lock, StaleAfter, _time, onWaiting: null, stop.Token);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        _folder.GetFiles().Length.ShouldBe(1); // the holder's
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_an_error_and_not_a_wait()
    {
        await File.WriteAllTextAsync(Lock, "", Token);
        await Should.ThrowAsync<IOException>(() =>
            LeaseFile.AcquireAsync(Path.Combine(Lock, "lock"), StaleAfter, _time, onWaiting: null, Token)
        );
    }

    [Fact]
    public async Task A_release_that_cannot_delete_is_quiet()
    {
        var lease = await AcquireAsync();
        _folder.Delete(recursive: true);
        await lease.DisposeAsync();
        _folder.Create();
    }

    [Fact]
    public async Task Many_racing_for_a_dead_ones_lease_hold_it_one_after_another()
    {
        await File.WriteAllTextAsync(Lock, "dead", Token);
        var (holders, most, turns) = (0, 0, 0);
        var all = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(WorkAsync, Token)));
        await PassAsync(TimeSpan.FromMinutes(10), () => all.IsCompleted);
        await all;

        (most, turns).ShouldBe((1, 8));
        _folder.GetFiles().ShouldBeEmpty();

        async Task WorkAsync()
        {
            // A long patience: fake time runs far ahead of a machine that is busy.
            var patience = 10 * StaleAfter;
            await using var lease = await LeaseFile.AcquireAsync(Lock, patience, _time, onWaiting: null, Token);
            most = Math.Max(most, Interlocked.Increment(ref holders));
            await Task.Delay(5, Token);
            Interlocked.Decrement(ref holders);
            Interlocked.Increment(ref turns);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private Task<LeaseFile> AcquireAsync(Action? onWaiting = null) =>
        LeaseFile.AcquireAsync(Lock, StaleAfter, _time, onWaiting, Token);

    /// <summary>Lets time pass in small steps, with room between them for those who wait on it.</summary>
    private async Task PassAsync(TimeSpan duration, Func<bool> isEnough)
    {
        var step = TimeSpan.FromMilliseconds(250);
        for (var passed = TimeSpan.Zero; passed < duration && !isEnough(); passed += step)
        {
            _time.Advance(step);
            await Task.Delay(1, Token);
        }
    }
}
