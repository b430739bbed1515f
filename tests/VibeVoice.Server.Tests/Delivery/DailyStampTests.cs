using Microsoft.Extensions.Time.Testing;
using VibeVoice.Server.Delivery;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Once a day, whoever asks.</summary>
public sealed class DailyStampTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stamp-");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void A_claim_holds_for_a_day_for_everyone()
    {
        Stamp().TryClaim().ShouldBeTrue();
        Stamp().TryClaim().ShouldBeFalse();
        _time.Advance(TimeSpan.FromHours(23.9));
        Stamp().TryClaim().ShouldBeFalse();
        _time.Advance(TimeSpan.FromHours(0.2));
        Stamp().TryClaim().ShouldBeTrue();
    }

    [Fact]
    public void A_released_claim_can_be_made_again()
    {
        Stamp().TryClaim().ShouldBeTrue();
        Stamp().Release();
        Stamp().TryClaim().ShouldBeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday, I think")]
    [InlineData("2099-01-01T00:00:00+00:00")]
    public void A_stamp_that_makes_no_sense_does_not_switch_it_off(string text)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "stamp"), text);
        Stamp().TryClaim().ShouldBeTrue();
        Stamp().TryClaim().ShouldBeFalse();
    }

    [Fact]
    public void A_folder_that_cannot_be_written_to_just_runs_it()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");
        var stamp = new DailyStamp(Path.Combine(file, "stamp"), _time);
        stamp.TryClaim().ShouldBeTrue();
        stamp.TryClaim().ShouldBeTrue();
        stamp.Release();
    }

    [Fact]
    public void Racing_workers_leave_one_whole_stamp()
    {
        Parallel.For(0, 16, _ => Stamp().TryClaim());
        _folder.GetFiles().Select(file => file.Name).ShouldBe(["stamp"]);
        Stamp().TryClaim().ShouldBeFalse();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private DailyStamp Stamp() => new(Path.Combine(_folder.FullName, "stamp"), _time);
}
