using VibeVoice.Server.Delivery;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Tests.Delivery;

/// <summary>Names of objects.</summary>
public sealed class S3ObjectKeyTests
{
    private static readonly S3Target _target = S3Stage.TargetAt(new Uri("http://localhost")) with { Prefix = "a/b" };

    [Fact]
    public void A_key_holds_prefix_date_in_utc_and_job_id()
    {
        var lateInNewYork = new DateTimeOffset(2027, 1, 31, 23, 30, 0, TimeSpan.FromHours(-5));
        Key("12ab-34-u1", lateInNewYork).ShouldBe("a/b/2027/02/01/12ab-34-u1.wav");
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a b?c#d%2F")]
    [InlineData("Zoë\u0000")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    public void Any_job_id_makes_a_safe_name(string jobId)
    {
        var name = Key(jobId)["a/b/2027/01/01/".Length..];
        name.ShouldMatch(@"^[A-Za-z0-9_-][A-Za-z0-9._-]*\.wav$");
        name.ShouldNotContain("..");
    }

    [Fact]
    public void Long_ids_are_cut_and_stay_different()
    {
        var (one, other) = (Key(new string('x', 2000) + "1"), Key(new string('x', 2000) + "2"));
        string.Equals(one, other, StringComparison.Ordinal).ShouldBeFalse();
        one.Length.ShouldBeLessThan(150);
        string.Equals(Key("a/b"), Key("a-b"), StringComparison.Ordinal).ShouldBeFalse();
    }

    private static string Key(string jobId, DateTimeOffset? now = null) =>
        S3ObjectKey.For(_target, jobId, AudioFormat.Wav, now ?? new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
}
