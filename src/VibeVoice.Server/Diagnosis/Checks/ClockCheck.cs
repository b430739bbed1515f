using System.Globalization;
using VibeVoice.Server.Delivery;
using VibeVoice.Server.Models;
using VibeVoice.Server.Settings;
using VibeVoice.Server.Speech;

namespace VibeVoice.Server.Diagnosis.Checks;

/// <summary>Compares the clock with those of bucket and hub, which date their answers: S3 refuses what is signed by a wrong one.</summary>
internal sealed class ClockCheck(SpeechSettings speech, HubOptions hub, DeliveryOptions delivery, TimeProvider time)
    : ICheck
{
    /// <summary>From here on something is wrong with the clock.</summary>
    private static readonly TimeSpan Noticed = TimeSpan.FromMinutes(2);

    /// <summary>From here on S3 refuses.</summary>
    private static readonly TimeSpan Refused = TimeSpan.FromMinutes(15);

    public async Task<CheckResult> RunAsync(CancellationToken cancellationToken)
    {
        if (Hosts().ToList() is not { Count: > 0 } hosts)
        {
            return CheckResult.Skipped("There is no bucket and no hub to compare it with.");
        }

        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        var aheads = await Task.WhenAll(hosts.Select(host => AheadOfAsync(http, host, cancellationToken)));
        var told = hosts.Zip(aheads).Where(pair => pair.Second is not null).ToList();
        if (told.Count == 0)
        {
            return CheckResult.Skipped($"{string.Join(" and ", hosts.Select(host => host.Host))} did not tell theirs.");
        }

        var (worst, ahead) = told.MaxBy(pair => pair.Second!.Value.Duration());
        var skew = ahead!.Value.Duration();
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"The clock is {skew.TotalSeconds:N0} s {(ahead < TimeSpan.Zero ? "behind" : "ahead of")} that of {worst.Host}"
        );
        return skew < Noticed ? CheckResult.Ok($"{words}.")
            : skew < Refused ? CheckResult.Note($"{words}; from 900 s on S3 refuses all requests. Set it (NTP).")
            : CheckResult.Problem(
                $"{words}, but S3 refuses all requests from 900 s on. Set it (NTP), or choose another machine."
            );
    }

    private IEnumerable<Uri> Hosts()
    {
        if (BucketHost() is { } bucket)
        {
            yield return bucket;
        }

        if (speech.Engine == SpeechEngine.VibeVoice && !hub.IsOffline)
        {
            yield return hub.Endpoint;
        }
    }

    private Uri? BucketHost()
    {
        try
        {
            return S3Target.FromOptions(delivery)?.ServiceUrl;
        }
        catch (SettingsException)
        {
            return null; // told by another check
        }
    }

    /// <summary>How far our clock is ahead of a host's; null where it does not say.</summary>
    private async Task<TimeSpan?> AheadOfAsync(HttpClient http, Uri host, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, host);
            using var response = await http.SendAsync(request, cancellationToken);
            return time.GetUtcNow() - response.Headers.Date;
        }
        catch (HttpRequestException)
        {
            return null; // whether it answers is asked by another check
        }
    }
}
