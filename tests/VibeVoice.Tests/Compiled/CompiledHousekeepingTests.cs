using VibeVoice.Compiled;

namespace VibeVoice.Tests.Compiled;

/// <summary>What may go goes, what may be in use stays, and what is not ours is not touched.</summary>
public sealed class CompiledHousekeepingTests : IDisposable
{
    private readonly CompiledStage _stage = new();

    public void Dispose() => _stage.Dispose();

    [Fact]
    public void Half_files_of_the_dead_go_and_those_that_may_be_growing_stay()
    {
        var own = _stage.Key.FileName;
        var other = CompiledStage.KeyOf("int4", layout: 1).FileName;
        var elsewhere = $".{own}.{new string('0', 8)}.{Guid.NewGuid():N}.tmp";
        Leave(CompiledNames.Temporary(own), TimeSpan.FromSeconds(1)); // we hold its lock, so its maker is dead
        Leave(CompiledNames.Temporary(other), TimeSpan.FromMinutes(11));
        Leave(CompiledNames.Lock(other), TimeSpan.FromMinutes(11));
        var growing = Leave(CompiledNames.Temporary(other), TimeSpan.FromMinutes(9));
        var growingElsewhere = Leave(elsewhere, TimeSpan.FromMinutes(9));
        var notOurs = Leave(".notes.tmp", TimeSpan.FromDays(99));

        _stage.Open();
        _stage.Names.ShouldBe([own, growing, growingElsewhere, notOurs], ignoreOrder: true);
    }

    [Fact]
    public void Of_the_compiled_the_last_used_stay_and_those_of_the_last_week()
    {
        var days = new[] { 6, 8, 9, 40 };
        var names = days.Select(
                (age, index) => Leave(CompiledStage.KeyOf("int8", layout: 10 + index).FileName, TimeSpan.FromDays(age))
            )
            .ToList();
        var notOurs = Leave("model.weights", TimeSpan.FromDays(99));
        _stage.Open();
        // With the new one there are three; 6 days alone would have kept the first.
        _stage.Names.ShouldBe([_stage.Key.FileName, names[0], names[1], notOurs], ignoreOrder: true);

        var recent = Enumerable
            .Range(20, 4)
            .Select(layout => Leave(CompiledStage.KeyOf("int8", layout).FileName, TimeSpan.FromDays(6)))
            .ToList();
        _stage.Key = CompiledStage.KeyOf("int8", layout: 30);
        _stage.Open();
        recent.ShouldAllBe(name => File.Exists(_stage.PathOf(name)));
        File.Exists(_stage.PathOf(names[1])).ShouldBeFalse();
    }

    [Fact]
    public void An_open_is_remembered_as_use()
    {
        _stage.Open();
        File.SetLastWriteTimeUtc(_stage.File, DateTime.UtcNow.AddDays(-40));
        _stage.Open().ShouldBe(0);
        File.GetLastWriteTimeUtc(_stage.File).ShouldBeGreaterThan(DateTime.UtcNow.AddHours(-1));
    }

    [Fact]
    public void A_look_at_the_folder_tells_what_is_there_and_changes_nothing()
    {
        _stage.Inspect().Files.ShouldBeEmpty();
        _stage.Open();
        Leave(CompiledNames.Temporary(_stage.Key.FileName), TimeSpan.Zero);
        var dead = Leave(CompiledNames.Temporary(_stage.Key.FileName), TimeSpan.FromHours(1));
        var broken = Leave(CompiledStage.KeyOf("int4", layout: 1).FileName, TimeSpan.Zero);
        Directory.CreateDirectory(_stage.PathOf("mine"));
        var names = _stage.Names;

        var report = _stage.Inspect();
        report.Files.Select(file => file.Name).ShouldBe([broken, _stage.Key.FileName], ignoreOrder: true);
        report.Files.Single(file => file.Name == broken).Damage!.ShouldContain("does not begin as one");
        var whole = report.Files.Single(file => file.Name == _stage.Key.FileName);
        (whole.Damage, whole.Bytes).ShouldBe((null, new FileInfo(_stage.File).Length));
        report.Leftovers.ShouldBe([dead]);
        report.Strangers.ShouldBe(["mine"]);
        report.IsBeingMade.ShouldBeTrue();
        _stage.Names.ShouldBe(names);
    }

    private string Leave(string name, TimeSpan age)
    {
        File.WriteAllText(_stage.PathOf(name), "half");
        File.SetLastWriteTimeUtc(_stage.PathOf(name), DateTime.UtcNow - age);
        return name;
    }
}
